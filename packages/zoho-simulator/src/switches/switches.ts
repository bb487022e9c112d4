import { answerSwitches } from './answer-switches.ts'
import { driftSwitches } from './drift-switches.ts'
import { limitSwitches } from './limit-switches.ts'
import type { Switch } from './switch.ts'
import { tokenSwitches } from './token-switches.ts'
import { webhookSwitches } from './webhook-switches.ts'

/** Every switch by its name. A new one belongs to its family's file, and shows itself everywhere. */
export const switches = {
  ...tokenSwitches,
  ...limitSwitches,
  ...answerSwitches,
  ...driftSwitches,
  ...webhookSwitches,
}

/** The value of every switch. */
export type Switches = {
  -readonly [Name in keyof typeof switches]: (typeof switches)[Name] extends Switch<infer T> ? T : never
}

/** Values for some of the switches. */
export type SwitchChanges = { [Name in keyof Switches]?: Switches[Name] | undefined }

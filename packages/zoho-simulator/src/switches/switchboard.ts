import type { Json } from '../exact/json.ts'
import { InvalidInputError } from '../invalid-input-error.ts'
import type { Switch } from './switch.ts'
import { switches, type SwitchChanges, type Switches } from './switches.ts'

/** All switches as they stand now. */
export interface Switchboard {
  /** Changes with every set(), so hold this and not its members. */
  readonly values: Readonly<Switches>
  /** Sets some switches, all or none of them; throws InvalidInputError naming the one that cannot be. */
  set(changes: SwitchChanges | Record<string, Json>): void
  /** Puts every switch back to where it was when the simulator was made. */
  reset(): void
}

/** Makes a board whose switches stand as asked, the others at their start. */
export function createSwitchboard(initial: SwitchChanges | Record<string, Json> = {}): Switchboard {
  const values = Object.fromEntries(
    Object.entries(switches).map(([name, { start }]) => [name, start]),
  ) as unknown as Switches
  const set = (changes: SwitchChanges | Record<string, Json>) => {
    Object.assign(values, readChanges(changes))
  }
  set(initial)
  const atStart = { ...values }
  return { values, set, reset: () => void Object.assign(values, atStart) }
}

/** Whether there is a switch of that name. */
export function isSwitch(name: string): name is keyof Switches {
  return Object.hasOwn(switches, name)
}

function readChanges(changes: SwitchChanges | Record<string, Json>): Record<string, unknown> {
  const read: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(changes)) {
    if (value === undefined) continue
    if (!isSwitch(name)) {
      throw new InvalidInputError(`There is no switch ${name}; there is ${Object.keys(switches).join(', ')}`)
    }
    const known: Switch<unknown> = switches[name]
    const meant = known.read(value as Json)
    if (meant === undefined) throw new InvalidInputError(`${name} must be ${known.expected}`)
    read[name] = meant
  }
  return read
}

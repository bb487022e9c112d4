import type { z } from 'zod'
import type { Shown } from './output/shown.ts'
import type { Session } from './session.ts'

/** One option as commander writes it, and what it does. */
export type OptionDefinition = readonly [flags: string, description: string]

/** What a command came to. */
export interface Outcome<Data> {
  readonly data: Data
  /** Default 0; another one where the work was done and its result is bad news. */
  readonly exitCode?: number
  readonly warnings?: readonly Warning[]
  /** Where a list goes on; null at its end. */
  readonly nextCursor?: string | null
}

/** Something that a person should know beside the result. */
export interface Warning {
  readonly code: string
  readonly message: string
}

/** All there is to know about one command; the registry says its name. */
export interface CommandDefinition<Input, Data> {
  /** What it does, for its own help and the reference. */
  readonly description: string
  /** Positional arguments as commander writes them, such as `<id...>`. */
  readonly arguments: readonly OptionDefinition[]
  readonly options: readonly OptionDefinition[]
  /** Whole lines to try, without `tds`. */
  readonly examples: readonly string[]
  /** It changes something: it has --dry-run, --reason and --actor. */
  readonly changes: boolean
  /** What of the options and arguments (`args`) it takes, checked before anything is opened. */
  readonly input: z.ZodType<Input>
  /** What stands under `data` in its JSON. */
  readonly data: z.ZodType<Data>
  readonly run: (session: Session, input: Input) => Promise<Outcome<Data>>
  readonly show: (data: Data) => Shown
}

/** A command whatever it takes and gives. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- each definition is consistent in itself; the registry holds them all
export type AnyCommand = CommandDefinition<any, any>

/** Lets the compiler compare what a command gives with what it says that it gives. */
export function defineCommand<Input, Data>(
  definition: CommandDefinition<Input, Data>,
): CommandDefinition<Input, Data> {
  return definition
}

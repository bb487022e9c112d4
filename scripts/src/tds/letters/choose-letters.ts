import type { DeadLetterFilter } from '@tds/db'
import type { OptionDefinition } from '../command.ts'
import { letterFilter, letterIdInput, type LetterInput } from '../input/letter-input.ts'
import { readGiven } from '../input/read-text.ts'
import { usageError } from '../output/failure.ts'
import type { Session } from '../session.ts'

/** Options of every command that acts on many dead letters. */
export const chooseOptions: readonly OptionDefinition[] = [
  ['--all', 'every open one'],
  [
    '--expect <number>',
    'how many are chosen, as a rehearsal said; needed without ids, except with --dry-run',
  ],
]

/** What a command acts on: ids as arguments, or what the options choose. */
export interface Choice extends LetterInput {
  readonly args: readonly string[]
  readonly all?: true | undefined
  readonly expect?: number | undefined
}

/** Dead letters that were chosen, and the number that a person has looked at. */
export interface ChosenLetters {
  readonly filter: DeadLetterFilter
  readonly expected: number | undefined
}

/** Reads what a command acts on. Nothing is chosen by saying nothing, and many only in the number looked at. */
export async function chooseLetters(session: Session, choice: Choice): Promise<ChosenLetters> {
  const filter = letterFilter(choice)
  const ways = [choice.args.length > 0, filter !== null, choice.all === true].filter((way) => way).length
  if (ways !== 1) throw usageError('exactly one is needed of ids, options that choose, and --all')
  if (choice.args.length > 0)
    return { filter: { ids: await idsOf(session, choice.args) }, expected: choice.expect }
  if (choice.expect === undefined && !session.request().dryRun)
    throw usageError('--expect: the number is needed that the same with --dry-run says')
  return { filter: filter ?? {}, expected: choice.expect }
}

/** The ids among arguments, or those on standard input. */
export async function idsOf(session: Session, args: readonly string[]): Promise<string[]> {
  const given = args.includes('-')
    ? (await readGiven(session, { flag: 'the ids', source: '-' })).toString().split(/\s+/)
    : args
  const ids = given.filter((id) => id !== '').map((id) => letterIdInput.safeParse(id))
  if (ids.length === 0) throw usageError('the argument: expected the id of at least one dead letter')
  return ids.map((id) => {
    if (id.success) return id.data
    throw usageError('the argument: expected ids of dead letters, which are UUIDs')
  })
}

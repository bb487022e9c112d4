import { z } from 'zod'
import { entities } from '@tds/core'
import type { DeadLetterFilter } from '@tds/db'
import type { OptionDefinition } from '../command.ts'
import { momentInput, numberInput, uuidInput, wordsInput } from './parse-input.ts'

const classes = ['data', 'mapping', 'source', 'configuration', 'exhausted', 'killer'] as const
const statuses = ['open', 'replayed', 'discarded', 'resolved'] as const
const types = entities.map(({ type }) => type)

/** Options that choose dead letters. */
export const letterOptions: readonly OptionDefinition[] = [
  ['--class <classes>', `only of these classes, separated by commas: ${classes.join(', ')}`],
  ['--group <fingerprint>', 'only of this group: its fingerprint, or how it begins'],
  ['--type <type>', `only this kind of record: ${types.join(', ')}`],
  ['--record <id>', "only this record, by Zoho's id"],
  ['--code <code>', 'only with this error code'],
  ['--text <words>', 'only where the reason contains this'],
  ['--since <moment>', 'only first given up on since: a date, a time with its zone, or an age such as 24h'],
  ['--until <moment>', 'only first given up on before: the same'],
  ['--min-attempts <count>', 'only after at least so many attempts'],
]

/** Which states are asked for. */
export const statusesOption: OptionDefinition = [
  '--status <statuses>',
  `in these states, separated by commas: ${statuses.join(', ')} (default: open)`,
]

/** The same, checked. */
export const statusesInput = wordsInput(statuses).default(['open'])

/** What {@link letterOptions} give, checked. */
export const letterInput = {
  class: wordsInput(classes).optional(),
  group: z
    .string()
    .regex(/^[0-9a-f]{4,32}$/, 'expected the fingerprint of a group, or at least its first four characters')
    .optional(),
  type: z.enum(types, `expected one of ${types.join(', ')}`).optional(),
  record: z.string().optional(),
  code: z.string().optional(),
  text: z.string().optional(),
  since: momentInput.optional(),
  until: momentInput.optional(),
  minAttempts: numberInput.optional(),
}

/** What {@link letterInput} gives. */
export type LetterInput = z.output<z.ZodObject<typeof letterInput>>

/** The id of a dead letter. */
export const letterIdInput = uuidInput('expected the id of a dead letter, a UUID')

/** The one argument of a command about one dead letter. */
export const oneLetterInput = z.tuple([letterIdInput], 'expected the id of one dead letter')

const operationIdInput = uuidInput('expected the id of an operation, a UUID')

/** The one argument of a command about one operation. */
export const oneOperationInput = z.tuple([operationIdInput], 'expected the id of one operation')

/** What the options choose; null where they choose nothing in particular. */
export function letterFilter(input: LetterInput): DeadLetterFilter | null {
  const filter: DeadLetterFilter = {
    classes: input.class,
    group: input.group,
    entityType: input.type,
    recordId: input.record,
    errorCode: input.code,
    text: input.text,
    since: input.since,
    until: input.until,
    minAttempts: input.minAttempts,
  }
  return Object.values(filter).some((value) => value !== undefined) ? filter : null
}

/** The same as words to keep beside what was chosen by it. */
export function filterWords(filter: DeadLetterFilter): Record<string, unknown> {
  return Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined))
}

import { z } from 'zod'
import { entities, entityOf, mostIds, type EntityDefinition } from '@tds/core'
import type { OptionDefinition } from '../command.ts'

const words = entities.map(({ type }) => type).join(', ')

/** The argument of a command about types of records. */
export const typesArgument: OptionDefinition = ['<type...>', `the types of record, or all: ${words}`]

/** The same, checked: each type once. */
export const typesInput = z.array(z.string()).transform((given, context): EntityDefinition[] => {
  if (given.includes('all')) return [...entities]
  const unknown = given.filter((word) => entityOf(word) === undefined)
  if (unknown.length === 0) return entities.filter(({ type }) => given.includes(type))
  context.addIssue({
    code: 'custom',
    message: `there is no type ${unknown.join(', ')}; expected all, or ${words}`,
  })
  return z.NEVER
})

/** Ids of Zoho, separated by commas or white space. */
export const idsInput = z
  .string()
  .transform((text) => [...new Set(text.split(/[\s,]+/).filter((id) => id !== ''))])
  .pipe(
    z
      .array(z.string().regex(/^\d{1,25}$/, "expected ids of Zoho's, which are numbers, separated by commas"))
      .min(1, 'expected at least one id')
      .max(
        mostIds,
        `more than ${String(mostIds)} ids; ask in parts, or read the list with --since or --full`,
      ),
  )

/** Options of every command that asks for runs. */
export const waitOptions: readonly OptionDefinition[] = [
  [
    '--wait',
    'watch until the runs have ended (default on a terminal); Ctrl-C stops watching, and they go on',
  ],
  ['--no-wait', 'only ask for them (default elsewhere)'],
  ['--wait-timeout <seconds>', 'watch no longer than this; they go on all the same (default: 3600)'],
]

const secondsMessage = 'expected whole seconds from 1 to 604800'

/** The same, checked. */
export const waitInput = {
  wait: z.boolean().optional(),
  waitTimeout: z
    .string()
    .regex(/^\d{1,6}$/, secondsMessage)
    .transform(Number)
    .refine((seconds) => seconds >= 1 && seconds <= 604_800, secondsMessage)
    .default(3600),
}

/** How long a command waits for its runs. */
export interface WaitInput {
  /** Undefined where nobody said. */
  readonly wait?: boolean | undefined
  readonly waitTimeout: number
}

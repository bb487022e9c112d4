import { z } from 'zod'
import type { WantedRun } from '@tds/core'
import { defineCommand } from '../command.ts'
import { momentInput } from '../input/parse-input.ts'
import { readGiven } from '../input/read-text.ts'
import { idsInput, typesArgument, typesInput, waitInput, waitOptions } from '../input/run-input.ts'
import { usageError } from '../output/failure.ts'
import { askedRunsSchema, askForRuns, showAskedRuns } from '../runs/ask-for-runs.ts'
import type { Session } from '../session.ts'

const modes = ['incremental', 'full', 'since', 'ids'] as const

const input = z
  .object({
    args: typesInput,
    incremental: z.literal(true).optional(),
    full: z.literal(true).optional(),
    since: momentInput
      .refine((since) => since.getTime() <= Date.now(), 'lies ahead; nothing can have changed since then')
      .optional(),
    ids: z.union([z.literal('-'), idsInput], { error: ({ input: given }) => problemOf(given) }).optional(),
    ...waitInput,
  })
  .superRefine(({ args, ...options }, context) => {
    const [, second] = modes.filter((mode) => options[mode] !== undefined)
    const refuse = (path: string, message: string) => {
      context.addIssue({ code: 'custom', path: [path], message })
    }
    if (second !== undefined) refuse(second, 'one of --incremental, --full, --since and --ids at a time')
    if (options.ids !== undefined && args.length > 1) refuse('ids', 'ids are of one type; name that one only')
  })

type SyncInput = z.output<typeof input>

/** `tds sync` */
export const sync = defineCommand({
  description:
    'Asks for a run that reads a type from Zoho, which a worker begins within seconds; one run of a type at a time. Without an option it reads what has changed since the last run. With --dry-run the run itself is a rehearsal: it reads the list, which takes calls, counts what it would do, and changes nothing.',
  arguments: [typesArgument],
  options: [
    ['--incremental', 'what has changed since the last run (default)'],
    ['--full', 'the whole list'],
    ['--since <moment>', 'what has changed since: a date, a time with its zone, or an age such as 24h or 7d'],
    ['--ids <ids>', "these records, by Zoho's ids, separated by commas; - reads them from standard input"],
    ...waitOptions,
  ],
  examples: [
    'sync invoice --reason "the webhooks were off since noon" --since 6h',
    'sync all --full --dry-run --no-wait',
    'sync product --ids 573914000000312001,573914000000312002 --wait --json',
  ],
  changes: true,
  input,
  data: askedRunsSchema,
  run: async (session, given) => {
    const organizationId = session.organizationId()
    const wish = await wishOf(session, given)
    const wanted = given.args.map((entity) => ({ organizationId, entity, kind: 'sync' as const, ...wish }))
    return askForRuns(session, { ...given, wanted, isBad: () => Promise.resolve(false) })
  },
  show: showAskedRuns,
})

async function wishOf(session: Session, given: SyncInput): Promise<Pick<WantedRun, 'mode' | 'request'>> {
  const { ids, since, full } = given
  if (ids !== undefined) return { mode: 'ids', request: { ids: await idsOf(session, ids) } }
  if (since !== undefined) return { mode: 'since', request: { since: since.toISOString() } }
  return { mode: full === true ? 'full' : 'incremental', request: {} }
}

async function idsOf(session: Session, ids: '-' | string[]): Promise<string[]> {
  if (ids !== '-') return ids
  const text = (await readGiven(session, { flag: '--ids', source: '-' })).toString()
  const read = idsInput.safeParse(text)
  if (read.success) return read.data
  throw usageError(`--ids: ${read.error.issues[0]?.message ?? 'expected ids'}`)
}

/** A union says of itself only that nothing fits. */
function problemOf(given: unknown): string {
  const [issue] = idsInput.safeParse(given).error?.issues ?? []
  return issue?.message ?? 'expected ids'
}

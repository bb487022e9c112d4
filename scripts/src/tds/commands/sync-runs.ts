import { z } from 'zod'
import { entities } from '@tds/core'
import { listRuns, runStates, type RunFilter } from '@tds/db'
import { defineCommand, type OptionDefinition, type Outcome } from '../command.ts'
import { cursorAfter, cursorInput, limitInput, wordsInput } from '../input/parse-input.ts'
import type { Shown } from '../output/shown.ts'
import { historyTable, runData, runSchema } from '../runs/run-data.ts'
import type { Session } from '../session.ts'

const types = entities.map((entity) => entity.type)

/** Options of every list of runs. */
export const runListOptions: readonly OptionDefinition[] = [
  ['--type <type>', `only of this kind of record: ${types.join(', ')}`],
  ['--status <statuses>', `only in these states, separated by commas: ${runStates.join(', ')}`],
  ['--limit <count>', 'at most so many, 1 to 1000 (default: 50)'],
  ['--cursor <cursor>', 'go on where the page before ended'],
]

/** The same, checked. */
export const runListInput = z.object({
  type: z.enum(types, `expected one of ${types.join(', ')}`).optional(),
  status: wordsInput(runStates).optional(),
  limit: limitInput,
  cursor: cursorInput.optional(),
})

/** What a list of runs gives. */
export const runListSchema = z.strictObject({ runs: z.array(runSchema) })

type RunList = z.output<typeof runListSchema>

/** `tds sync runs` */
export const syncRuns = defineCommand({
  description:
    'Lists runs, newest first: those of the schedules, those that people asked for, and those that compare. One that waits has no worker yet.',
  arguments: [],
  options: runListOptions,
  examples: ['sync runs --status waiting,running', 'sync runs --type invoice --limit 10 --json'],
  changes: false,
  input: runListInput,
  data: runListSchema,
  run: (session, input) => pageOfRuns(session, input, {}),
  show: showRuns,
})

/** One page of the runs that a list asks for, and where the next one begins. */
export async function pageOfRuns(
  session: Session,
  { type, status, limit, cursor }: z.output<typeof runListInput>,
  restriction: RunFilter,
): Promise<Outcome<RunList>> {
  const filter = { ...restriction, entityType: type, states: status }
  // One more than asked for tells whether there is more.
  const page = { limit: limit + 1, after: cursor ?? null }
  const found = await listRuns(await session.database(), filter, page)
  const shown = found.slice(0, limit)
  const last = shown.at(-1)
  const nextCursor = found.length > limit && last !== undefined ? cursorAfter(last.started_at, last.id) : null
  return { data: { runs: shown.map(runData) }, nextCursor }
}

/** Shows a list of runs. */
export function showRuns({ runs }: RunList): Shown {
  return { blocks: [historyTable(runs)], ids: runs.map((run) => run.runId), records: runs }
}

import { z } from 'zod'
import { findRun, runOutlook, type RunOutlook } from '@tds/core'
import { defineCommand } from '../command.ts'
import { oneRunInput } from '../input/parse-input.ts'
import { aboutTime, countWords } from '../output/amounts.ts'
import { estimateData, estimateSchema } from '../runs/estimate-data.ts'
import { hasEnded, progressWords, runData, runFacts, runSchema } from '../runs/run-data.ts'

const count = z.int().min(0)
const outlookSchema = z.strictObject({
  /** Details of the type that are still to be read, by reason; of them those that may not be read yet. */
  owed: z.array(z.strictObject({ reason: z.string(), reads: count, held: count })),
  /** Calls that a first load may still make today; null where no limit is known. */
  callsLeftToday: count.nullable(),
  /** Until the run and the details of its type are done. */
  estimate: estimateSchema,
})

/** `tds sync show` */
export const syncShow = defineCommand({
  description:
    'Shows one run, of a sync or a comparison: what it did so far, which details of its type are still to be read and why, the calls left today, and about how long it takes until all is done, where that is known.',
  arguments: [['<run>', 'the run']],
  options: [],
  examples: ['sync show 8f4c1f0e-6b1d-4d0b-8d8e-3b1c5f7a9e21'],
  changes: false,
  input: z.object({ args: oneRunInput }),
  data: z.strictObject({ run: runSchema, outlook: outlookSchema }),
  run: async (session, { args: [id] }) => {
    const db = await session.database()
    const run = await findRun(db, id)
    return { data: { run: runData(run), outlook: outlookData(await runOutlook(db, run)) } }
  },
  show: ({ run, outlook }) => ({
    blocks: [
      { kind: 'lines', lines: [progressWords(run), outlookWords(hasEnded(run), outlook)] },
      runFacts(run),
      {
        kind: 'table',
        columns: ['details owed for', 'reads', 'held'],
        rows: outlook.owed.map(({ reason, reads, held }) => [reason, reads, held]),
      },
    ],
    ids: [run.runId],
    records: [run],
  }),
})

function outlookData({ owed, allowance, estimate }: RunOutlook): z.output<typeof outlookSchema> {
  return {
    owed: owed.map(({ reason, reads, held }) => ({ reason, reads, held })),
    callsLeftToday: allowance?.leftToday ?? null,
    estimate: estimateData(estimate),
  }
}

function outlookWords(isOver: boolean, { estimate, callsLeftToday }: z.output<typeof outlookSchema>): string {
  const left = callsLeftToday === null ? '' : `; ${countWords(callsLeftToday)} may be made today`
  const { calls, seconds } = estimate
  if (calls === null) return `How much is left is not known: nobody knows how long the list is${left}.`
  if (calls === 0) return isOver ? 'Nothing is left to do.' : 'It is nearly done.'
  const time = seconds === null ? '' : `, ${aboutTime(seconds)}`
  return `Left: about ${countWords(calls)} calls${time}${left}.`
}

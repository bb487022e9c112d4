import { z } from 'zod'
import { findRun, stopRun } from '@tds/core'
import { defineCommand } from '../command.ts'
import { oneRunInput } from '../input/parse-input.ts'
import { countWords } from '../output/amounts.ts'

/** `tds sync cancel` */
export const syncCancel = defineCommand({
  description:
    'Cancels a run that waits or is under way, of a sync or a comparison: its worker stops at the next page, and what it has applied stays. Of a first load the details still owed are dropped too, and it does not begin again by itself; tds sync with --full makes up for it. A reason is needed.',
  arguments: [['<run>', 'the run']],
  options: [],
  examples: ['sync cancel 8f4c1f0e-6b1d-4d0b-8d8e-3b1c5f7a9e21 --reason "at night instead"'],
  changes: true,
  input: z.object({ args: oneRunInput }),
  data: z.strictObject({
    runId: z.string(),
    entityType: z.string(),
    mode: z.string(),
    /** Reads that it had asked for and nobody had made yet. */
    readsDropped: z.int().min(0),
  }),
  run: async (session, { args: [id] }) => {
    const request = session.reasonedRequest()
    const db = await session.database()
    await findRun(db, id)
    return { data: { runId: id, ...(await stopRun(db, id, request)) } }
  },
  show: (data) => ({
    blocks: [
      {
        kind: 'lines',
        lines: [
          `The run ${data.runId} (${data.entityType}, ${data.mode}) is cancelled; ${countWords(data.readsDropped)} details will not be read.`,
        ],
      },
    ],
    ids: [data.runId],
    records: [data],
  }),
})

import { z } from 'zod'
import { listSilences } from '@tds/db'
import { silenceData, silenceSchema, silenceTable } from '../alerts/silence-data.ts'
import { defineCommand } from '../command.ts'
import { limitInput } from '../input/parse-input.ts'

/** `tds alerts silences` */
export const alertsSilences = defineCommand({
  description:
    'Lists the silences in force and those to come, the newest first, with who wanted each and why.',
  arguments: [],
  options: [
    ['--expired', 'those that are over too'],
    ['--limit <count>', 'at most so many, 1 to 1000 (default: 50)'],
  ],
  examples: ['alerts silences', 'alerts silences --expired --json'],
  changes: false,
  input: z.object({ expired: z.boolean().default(false), limit: limitInput }),
  data: z.strictObject({ silences: z.array(silenceSchema) }),
  run: async (session, wanted) => {
    const silences = await listSilences(await session.database(), wanted)
    return { data: { silences: silences.map(silenceData) } }
  },
  show: ({ silences }) => ({
    blocks: [silenceTable(silences)],
    ids: silences.map(({ silenceId }) => silenceId),
    records: silences,
  }),
})

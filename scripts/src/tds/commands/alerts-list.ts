import { z } from 'zod'
import { listAlerts } from '@tds/alerting'
import { alertData, alertSchema, alertTable } from '../alerts/alert-data.ts'
import { defineCommand } from '../command.ts'
import { limitInput } from '../input/parse-input.ts'

/** `tds alerts list` */
export const alertsList = defineCommand({
  description:
    'Lists the alerts that are active, the most urgent first, each with who has it in hand, and with what keeps it quiet: a silence by its id, or the rule that explains it.',
  arguments: [],
  options: [
    ['--all', 'those that are over too, after the active ones, newest first'],
    ['--limit <count>', 'at most so many, 1 to 1000 (default: 50)'],
  ],
  examples: ['alerts list', 'alerts list --all --limit 200 --json'],
  changes: false,
  input: z.object({ all: z.boolean().default(false), limit: limitInput }),
  data: z.strictObject({ alerts: z.array(alertSchema) }),
  run: async (session, { all, limit }) => {
    const found = await listAlerts(await session.database(), { all, limit: limit + 1 })
    const warnings =
      found.length > limit
        ? [{ code: 'list_cut', message: `there are more than ${String(limit)}; see them with --limit` }]
        : []
    return { data: { alerts: found.slice(0, limit).map(alertData) }, warnings }
  },
  show: ({ alerts }) => ({
    blocks: [alertTable(alerts)],
    ids: alerts.map(({ alertId }) => alertId),
    records: alerts,
  }),
})

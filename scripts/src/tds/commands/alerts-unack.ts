import { z } from 'zod'
import { unacknowledgeAlert } from '@tds/alerting'
import { acknowledgeEach, acknowledgeSchema, showAcknowledged } from '../alerts/acknowledge-each.ts'
import { defineCommand } from '../command.ts'
import { alertIdsInput, alertsArgument } from '../input/alert-input.ts'

/** `tds alerts unack` */
export const alertsUnack = defineCommand({
  description:
    'Gives alerts back that somebody had in hand: people are told of them anew at once, and again.',
  arguments: [alertsArgument],
  options: [],
  examples: [
    'alerts unack 0b6f3c1e-52c4-4f0e-9a55-4d7c1c1f8a10 --reason "my shift is over"',
    'alerts unack 0b6f3c1e-52c4-4f0e-9a55-4d7c1c1f8a10 --dry-run',
  ],
  changes: true,
  input: z.object({ args: alertIdsInput }),
  data: acknowledgeSchema,
  run: async (session, { args }) => {
    const request = session.request()
    const db = await session.database()
    return acknowledgeEach(args, (id) => unacknowledgeAlert(db, id, request))
  },
  show: showAcknowledged,
})

import { z } from 'zod'
import { acknowledgeAlert } from '@tds/alerting'
import { acknowledgeEach, acknowledgeSchema, showAcknowledged } from '../alerts/acknowledge-each.ts'
import { defineCommand } from '../command.ts'
import { alertIdsInput, alertsArgument } from '../input/alert-input.ts'
import { numberInput } from '../input/parse-input.ts'

/** `tds alerts ack` */
export const alertsAck = defineCommand({
  description:
    'Says that you have alerts in hand: they are not repeated until they are over, become more urgent, or the time has passed; then people are told anew. That an alert is over is told all the same. Where somebody has one in hand already, that stays and you are noted beside it.',
  arguments: [alertsArgument],
  options: [
    ['--hours <number>', 'for so many hours, 0 to 720; 0 until it is over (default: 4 if critical, else 24)'],
  ],
  examples: [
    'alerts ack 0b6f3c1e-52c4-4f0e-9a55-4d7c1c1f8a10 --reason "on it"',
    'alerts ack 0b6f3c1e-52c4-4f0e-9a55-4d7c1c1f8a10 --hours 8 --dry-run',
  ],
  changes: true,
  input: z.object({
    args: alertIdsInput,
    hours: numberInput.refine((hours) => hours <= 720, 'expected a whole number from 0 to 720').optional(),
  }),
  data: acknowledgeSchema,
  run: async (session, { args, hours = null }) => {
    const request = session.request()
    const db = await session.database()
    return acknowledgeEach(args, (id) => acknowledgeAlert(db, { id, hours }, request))
  },
  show: showAcknowledged,
})

import { z } from 'zod'
import { receiverCondition } from '@tds/alerting'
import { listReceiverStates, type StoredReceiverState } from '@tds/db'
import { defineCommand } from '../command.ts'
import { isoTimeOrNull } from './event-data.ts'

const receiverSchema = z.strictObject({
  integration: z.string(),
  condition: z.enum(['working', 'paused', 'failing', 'broken']),
  brokenSince: z.iso.datetime().nullable(),
  /** For how long its provider wants nothing; null where it takes messages. */
  pausedMs: z.number().nullable(),
  /** Failures since the last success. */
  failures: z.int(),
  lastSuccessAt: z.iso.datetime().nullable(),
  lastErrorAt: z.iso.datetime().nullable(),
  lastError: z.string().nullable(),
})

/** `tds alerts receivers` */
export const alertsReceivers = defineCommand({
  description:
    'Lists the ways to people that an alerter has used, and how each is: working, paused because its provider asked for it, failing again and again, or broken: it refuses us, and nothing is sent until its variables are others or a test goes well.',
  arguments: [],
  options: [],
  examples: ['alerts receivers', 'alerts receivers --json'],
  changes: false,
  input: z.object({}),
  data: z.strictObject({ receivers: z.array(receiverSchema) }),
  run: async (session) => {
    const states = await listReceiverStates(await session.database())
    return { data: { receivers: states.map(receiverData) } }
  },
  show: ({ receivers }) => ({
    blocks: [
      {
        kind: 'table',
        columns: ['receiver', 'condition', 'failures', 'last success', 'last error', 'error'],
        rows: receivers.map((one) => [
          one.integration,
          one.condition,
          one.failures,
          one.lastSuccessAt,
          one.lastErrorAt,
          one.lastError,
        ]),
      },
    ],
    ids: receivers.map(({ integration }) => integration),
    records: receivers,
  }),
})

function receiverData(state: StoredReceiverState): z.output<typeof receiverSchema> {
  return {
    integration: state.integration,
    condition: receiverCondition(state),
    brokenSince: isoTimeOrNull(state.broken_since),
    pausedMs: state.paused_ms === null ? null : Math.round(state.paused_ms),
    failures: state.failures,
    lastSuccessAt: isoTimeOrNull(state.last_success_at),
    lastErrorAt: isoTimeOrNull(state.last_error_at),
    lastError: state.last_error,
  }
}

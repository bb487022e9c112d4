import { listReceiverStates, type Queryable, type StoredReceiverState } from '@tds/db'
import type { HealthCheck, HealthResult } from '@tds/runtime'
import type { Receiver } from '../receivers/receiver.ts'

/** A check for each receiver: whether people can be reached by it. */
export function receiverChecks(db: Queryable, receivers: readonly Receiver[]): HealthCheck[] {
  return receivers.map((receiver) => ({
    name: `receiver_${receiver.integration}`,
    check: async () => {
      const states = await listReceiverStates(db)
      return judge(
        receiver,
        states.find(({ integration }) => integration === receiver.integration),
      )
    },
  }))
}

function judge({ shownAddress }: Receiver, state: StoredReceiverState | undefined): HealthResult {
  if (state === undefined) return { status: 'healthy', detail: `${shownAddress}: nothing was sent yet` }
  const facts = {
    lastSuccessAt: state.last_success_at,
    lastErrorAt: state.last_error_at,
    failures: state.failures,
    pausedMs: state.paused_ms,
  }
  const error = state.last_error ?? 'unknown'
  if (state.broken_since !== null)
    return { status: 'degraded', detail: `${shownAddress} refuses us and is not used: ${error}`, facts }
  if (state.failures >= 3)
    return { status: 'degraded', detail: `${shownAddress} fails again and again: ${error}`, facts }
  if (state.paused_ms !== null)
    return { status: 'healthy', detail: `${shownAddress} asked us to wait`, facts }
  return { status: 'healthy', detail: `${shownAddress} takes messages`, facts }
}

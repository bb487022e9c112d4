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
  switch (receiverCondition(state)) {
    case 'broken':
      return { status: 'degraded', detail: `${shownAddress} refuses us and is not used: ${error}`, facts }
    case 'failing':
      return { status: 'degraded', detail: `${shownAddress} fails again and again: ${error}`, facts }
    case 'paused':
      return { status: 'healthy', detail: `${shownAddress} asked us to wait`, facts }
    case 'working':
      return { status: 'healthy', detail: `${shownAddress} takes messages`, facts }
  }
}

/** How a way to people is: whether it refuses us, fails again and again, wants us to wait, or works. */
export function receiverCondition(
  state: Pick<StoredReceiverState, 'broken_since' | 'failures' | 'paused_ms'>,
): 'broken' | 'failing' | 'paused' | 'working' {
  if (state.broken_since !== null) return 'broken'
  if (state.failures >= 3) return 'failing'
  return state.paused_ms === null ? 'working' : 'paused'
}

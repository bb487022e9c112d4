import { alertingPulse, type Queryable } from '@tds/db'
import { childLogger, poller, type Poller } from '@tds/runtime'
import { outgoing } from '../receivers/outgoing.ts'

const log = childLogger('alerting:dead-man')

/** What the switch needs. */
export interface DeadManOptions {
  readonly db: Queryable
  /** Of a service outside that tells people when it hears nothing. */
  readonly url: string
  readonly allowLoopback: boolean
  /** Longest time between two evaluations that still is healthy, in seconds. */
  readonly evaluatedWithin: number
  readonly everyMs?: number
}

/** A critical message that is older stands for a way to people that does not work. */
const criticalWaitsAtMost = 300

/**
 * Pings a service outside as long as alerting works from end to end: rules are evaluated, which proves that Postgres takes
 * writes, and nothing critical waits for its delivery. When the pings stop, that service tells people.
 */
export function deadManSwitch(o: DeadManOptions): Poller {
  const client = outgoing({ name: 'dead-man', allowLoopback: o.allowLoopback })
  return poller({
    name: 'dead-man-switch',
    everyMs: o.everyMs ?? 60_000,
    runOnce: async (signal) => {
      const reason = await whyNot(o)
      if (reason !== null) {
        log.warn('the dead-man switch is not pinged', { reason })
        return { pinged: 0 }
      }
      const answer = await client.post({ url: o.url, body: '{}', signal })
      const isTaken = 'status' in answer && answer.status >= 200 && answer.status < 300
      if (!isTaken) log.warn('the dead-man switch took no ping', { outcome: outcomeOf(answer) })
      return { pinged: isTaken ? 1 : 0 }
    },
  })
}

function outcomeOf(answer: { readonly status: number } | { readonly class: string }): string {
  return 'status' in answer ? String(answer.status) : answer.class
}

async function whyNot({ db, evaluatedWithin }: DeadManOptions): Promise<string | null> {
  const { evaluated_seconds: evaluated, critical_waiting_seconds: waiting } = await alertingPulse(db)
  if (evaluated === null || evaluated > evaluatedWithin) return 'rules are not evaluated'
  if (waiting !== null && waiting > criticalWaitsAtMost) return 'a critical message is not delivered'
  return null
}

import type { Zone } from '../zone.ts'
import type { Delivery } from './delivery.ts'
import type { DeliveryResult } from './send.ts'

/** One webhook as the settings of the organisation show it afterwards. */
export interface LedgerEntry {
  /** Numbered from 1 in the order of sending. */
  id: string
  /** When it ended, in Zoho's form. */
  at: string
  target: string
  delivery: Delivery
  status: 'success' | 'failure' | 'not_sent'
  result: DeliveryResult
  /** How often somebody had it sent again. */
  resent: number
}

/** What the organisation's settings know of its webhooks: the ledger that operators look into and resend from. */
export interface WebhookLedger {
  enter(delivery: Delivery, result: DeliveryResult, target: string): void
  /** The latest first. */
  entries(): LedgerEntry[]
  get(id: string): LedgerEntry | undefined
  /** Sends an entry once more, without waiting for what comes of it. */
  resend(entry: LedgerEntry): void
}

/** What a ledger works with. */
export interface LedgerParts {
  zone: Zone
  nowMs: () => number
  /** Sends one delivery again and answers what came of it. */
  sendAgain: (delivery: Delivery, target: string) => Promise<DeliveryResult>
}

/** Opens an empty ledger; the last five thousand webhooks are kept. */
export function webhookLedger({ zone, nowMs, sendAgain }: LedgerParts): WebhookLedger {
  const entries = new Map<string, LedgerEntry>()
  let number = 0
  return {
    enter: (delivery, result, target) => {
      const id = String(firstId + BigInt(++number))
      const status = statusOf(result)
      entries.set(id, { id, at: zone.time(nowMs()), target, delivery, status, result, resent: 0 })
      const [oldest] = entries.keys()
      if (entries.size > kept && oldest !== undefined) entries.delete(oldest)
    },
    entries: () => [...entries.values()].reverse(),
    get: (id) => entries.get(id),
    resend: (entry) => {
      entry.resent++
      void sendAgain(entry.delivery, entry.target).then(
        (result) => {
          Object.assign(entry, { result, status: statusOf(result), at: zone.time(nowMs()) })
        },
        // Refused because the simulator stops: the entry stays as it is.
        () => undefined,
      )
    },
  }
}

const kept = 5000

const firstId = 460_320_000_090_000_000n

function statusOf({ status, attempts }: DeliveryResult): LedgerEntry['status'] {
  if (attempts === 0) return 'not_sent'
  return status !== null && status < 300 ? 'success' : 'failure'
}

import type { SimulatorClock } from '../clock.ts'
import type { DetailLag } from '../drift/detail-lag.ts'
import { dayCounter } from '../limits/day-counter.ts'
import { seededRandom } from '../random.ts'
import type { Switches } from '../switches/switches.ts'
import type { Zone } from '../zone.ts'
import { deliveryBook, summarize, type DeliveryBook, type DeliverySummary } from './delivery-book.ts'
import type { Delivery } from './delivery.ts'
import { webhookLedger, type WebhookLedger } from './ledger.ts'
import { sendDeliveries, type DeliveryDesk, type DeliveryResult, type SendOptions } from './send.ts'

/** What came of sending. */
export interface SendReport {
  results: DeliveryResult[]
  summary: DeliverySummary
}

/** Where webhooks go out, and where it is written down what came of them. */
export interface PostOffice {
  /** Sends in the order given, by the retry policy unless told otherwise; throws Error after closing. */
  send(deliveries: Iterable<Delivery>, options: SendOptions): Promise<SendReport>
  /** What tests ask. */
  readonly book: DeliveryBook
  /** What the organisation's settings show. */
  readonly ledger: WebhookLedger
  open(): void
  /** Sends nothing more; finished when what was under way has ended. */
  close(): Promise<void>
}

/** What a post office works with. */
export interface PostOfficeParts {
  clock: SimulatorClock
  zone: Zone
  seed: string | number
  switches: Readonly<Switches>
  lag: DetailLag
}

/** Opens a post office. */
export function postOffice(parts: PostOfficeParts): PostOffice {
  const { clock, zone, switches } = parts
  const book = deliveryBook()
  const sending = new Set<Promise<unknown>>()
  const admission = admissionOf(parts)
  let closing = new AbortController()
  const sendBy = async (deliveries: Iterable<Delivery>, options: SendOptions, desk: DeliveryDesk) => {
    if (closing.signal.aborted) throw new Error('The simulator has stopped: nothing is sent any more')
    const under = sendDeliveries(deliveries, sendOptions(options, { switches, book, closing }), desk)
    const tracked = under.catch(() => undefined).finally(() => sending.delete(tracked))
    sending.add(tracked)
    return under
  }
  const ledger = webhookLedger({
    zone,
    nowMs: () => clock.nowMs(),
    sendAgain: async (delivery, target) => {
      // The ledger has its entry already.
      const [result] = await sendBy([delivery], { target }, { ...admission, ended: () => undefined })
      if (result === undefined) throw new Error('The simulator has stopped')
      return result
    },
  })
  return {
    send: async (deliveries, options) => {
      const ended: DeliveryDesk['ended'] = (delivery, result) => {
        // What is lost leaves no trace where operators look.
        if (result.error !== lost) ledger.enter(delivery, result, options.target)
      }
      const results = await sendBy(deliveries, options, { ...admission, ended })
      return { results, summary: summarize(results) }
    },
    book,
    ledger,
    open: () => {
      closing = new AbortController()
    },
    close: async () => {
      closing.abort()
      await Promise.all(sending)
    },
  }
}

const lost = 'Lost on the way'

/** Loses some webhooks, refuses what is over the day's cap, and lets the details lag behind the rest. */
function admissionOf({ clock, zone, seed, switches, lag }: PostOfficeParts): Omit<DeliveryDesk, 'ended'> {
  const today = dayCounter(clock, zone)
  const random = seededRandom(seed, 'lost webhooks')
  return {
    refusal: () => {
      const { webhooksPerDay, webhooksLost } = switches
      if (webhooksLost > 0 && random.chance(webhooksLost)) return lost
      if (webhooksPerDay === null || today.today() < webhooksPerDay) return null
      return `The ${webhooksPerDay.toLocaleString('en')} webhooks of the day are used up`
    },
    sent: ({ type, id }) => {
      today.count()
      lag.beginAgain(type, id)
    },
  }
}

interface Sending {
  switches: Readonly<Switches>
  book: DeliveryBook
  closing: AbortController
}

/** The retry policy holds where nothing else is asked for. */
function sendOptions(options: SendOptions, { switches, book, closing }: Sending): SendOptions {
  const { webhookRetries, webhookRetryDelayMs, webhookRetryFactor } = switches
  const { retries, retryDelayMs, retryFactor, signal, onResult } = options
  return {
    ...options,
    retries: retries ?? webhookRetries,
    retryDelayMs: retryDelayMs ?? webhookRetryDelayMs,
    retryFactor: retryFactor ?? (retries === undefined ? webhookRetryFactor : 1),
    signal: signal === undefined ? closing.signal : AbortSignal.any([closing.signal, signal]),
    onResult: (result) => {
      book.record(result)
      onResult?.(result)
    },
  }
}

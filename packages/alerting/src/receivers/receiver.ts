import type { AlertMessage } from '../messages/message.ts'

/** The ways to people; one folder each. */
export const integrations = ['telegram', 'slack', 'email', 'webhook'] as const

/** One of {@link integrations}. */
export type Integration = (typeof integrations)[number]

/** One attempt to deliver a message. */
export interface Delivery {
  /** The same at every attempt: part of the text, and of the Message-ID of a mail. */
  readonly id: string
  readonly message: AlertMessage
  readonly language: 'en' | 'ar'
  /** Short plain text, because the provider refused it as it was. */
  readonly isPlain: boolean
  /** Where the provider said it has moved to; null for what is configured. */
  readonly address: string | null
  /** What became of each recipient in earlier attempts; those that have it get it no more. */
  readonly recipients: readonly RecipientResult[]
  readonly signal: AbortSignal
}

/** What became of one of several recipients. */
export interface RecipientResult {
  readonly recipient: string
  readonly delivered: boolean
  readonly detail: string | null
}

/**
 * What came of an attempt, as a class that decides what happens next:
 * `success`; `pause` the whole lane until the provider takes messages again, burning no attempt; `retry` later;
 * `payload`: it was refused for what it is, so once more as short plain text; `broken`: it refuses us, so stop and tell
 * people by other ways; `moved`: the provider named a new address, send there at once.
 */
export type DeliveryClass = 'success' | 'pause' | 'retry' | 'payload' | 'broken' | 'moved'

/** The outcome of an attempt; its texts hold no secret and no full address of a receiver. */
export interface DeliveryResult {
  readonly class: DeliveryClass
  /** The provider's code: HTTP status, SMTP reply or error code. */
  readonly providerStatus: string | null
  readonly detail: string | null
  /** Asked for by the provider; null where it named none that can be understood. */
  readonly retryAfterMs: number | null
  /** New address of a `moved`. */
  readonly address?: string
  /** Of those with several recipients. */
  readonly recipients?: readonly RecipientResult[]
}

/** How much a provider takes: a bucket of so many messages that fills up again. */
export interface RateLimit {
  /** Tells the buckets of one receiver apart. */
  readonly key: string
  readonly capacity: number
  readonly perSecond: number
}

/**
 * The bucket that lets at most so many messages out in any time of that length, of which `burst` may go at once: what is in
 * the bucket and what flows in meanwhile add up to them.
 */
export function atMost(
  messages: number,
  o: { readonly key: string; readonly perSeconds: number; readonly burst: number },
): RateLimit {
  return { key: o.key, capacity: o.burst, perSecond: (messages - o.burst) / o.perSeconds }
}

/** One way to people. It sends once and says what came of it; waiting, repeating and limits are its caller's. */
export interface Receiver {
  readonly integration: Integration
  /** Where it sends to, fit for people to read: the last characters at most. */
  readonly shownAddress: string
  /** What it was set up with, secrets too: never shown, only compared, so that one that was refused is tried again with others. */
  readonly settings: readonly string[]
  /** What its provider takes; the smallest decides. */
  readonly limits: readonly RateLimit[]
  /** Sends one message; never throws for what a provider does. */
  deliver(delivery: Delivery): Promise<DeliveryResult>
  close(): Promise<void>
}

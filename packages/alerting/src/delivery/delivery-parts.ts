import type { Database } from '@tds/db'
import type { Integration, Receiver } from '../receivers/receiver.ts'

/** What delivering takes. */
export interface DeliveryParts {
  readonly db: Database
  /** All that are configured: each has a lane. */
  readonly receivers: readonly Receiver[]
  /** Whoever sends; a lease names it. */
  readonly holder: string
  readonly language: 'en' | 'ar'
  /** Which installation messages of the alerter about itself name. */
  readonly environment: string
  /** Where it is written what to do about a rule of that name. */
  readonly runbookUrl?: ((rule: string) => string | null) | undefined
  /** From 0 up to but not including 1. */
  readonly random?: (() => number) | undefined
}

/** Limits of delivering; times in milliseconds. */
export const deliveryLimits = {
  lease: 60_000,
  /** Shorter than the lease: what is still being sent must not be sent by another one as well. */
  attempt: 50_000,
  longestPause: 15 * 60_000,
  backoffBase: 2_000,
  backoffMost: 5 * 60_000,
  fallbackAfter: 2 * 60_000,
  maximumAge: { critical: 24 * 3_600_000, error: 6 * 3_600_000, warning: 6 * 3_600_000, info: 6 * 3_600_000 },
} as const

/** The integrations that are configured. */
export function integrationsOf({ receivers }: DeliveryParts): Integration[] {
  return receivers.map(({ integration }) => integration)
}

import { systemClock, type Clock } from './clock.ts'
import type { HealthCheck } from './health.ts'

/** What is to happen regularly, and how long ago it may be. */
export interface FreshnessOptions {
  name: string
  /** Usually a poller's. */
  lastSuccessAt: () => Date | null
  maxAgeMs: number
  clock?: Clock | undefined
}

/** A check that something still succeeds regularly: degraded when its last success is too long ago. */
export function freshnessCheck({
  name,
  lastSuccessAt,
  maxAgeMs,
  clock = systemClock,
}: FreshnessOptions): HealthCheck {
  const madeMs = clock.monotonicMs()
  return {
    name,
    check: () => {
      const last = lastSuccessAt()
      const ageMs = last === null ? clock.monotonicMs() - madeMs : clock.now().getTime() - last.getTime()
      const age = `${String(Math.round(ageMs / 1000))} s`
      const detail = last === null ? `has not succeeded yet, after ${age}` : `last succeeded ${age} ago`
      return { status: ageMs > maxAgeMs ? 'degraded' : 'healthy', detail, facts: { lastSuccessAt: last } }
    },
  }
}

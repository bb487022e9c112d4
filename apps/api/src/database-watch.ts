import { databaseTime, type Queryable } from '@tds/db'
import { messageOf, poller, service, type Poller } from '@tds/runtime'

/** What is known of the database between the requests. */
export interface DatabaseWatch extends Poller {
  /** The database's time, carried on by our clock since it was last asked; ours while it has not answered yet. */
  now(): Date
  /** Null while it answers; otherwise why it does not. */
  problem(): string | null
  /** How long the last answer took, in milliseconds; null before the first. */
  roundTripMs(): number | null
}

/**
 * Asks the database for its time, at the start and then every two seconds. Versions are judged by that clock, not by this
 * machine's, and "ready" means that it answered just now. That it does not answer is told, and is no failure to start.
 */
export function databaseWatch(db: Queryable): DatabaseWatch {
  let offsetMs = 0
  let roundTripMs: number | null = null
  let problem: string | null = 'not asked yet'

  const asking = poller({ name: 'database-watch', everyMs: 2000, maxBackoffMs: 2000, runOnce: ask })
  const lifecycle = service({
    name: asking.name,
    start: async () => {
      await ask().catch(() => undefined)
      await asking.start()
    },
    stop: async () => asking.stop(),
  })
  return {
    ...asking,
    ...lifecycle,
    now: () => new Date(Date.now() + offsetMs),
    problem: () => problem,
    roundTripMs: () => roundTripMs,
  }

  async function ask(): Promise<Record<string, number>> {
    const askedAt = performance.now()
    try {
      const time = await databaseTime(db)
      roundTripMs = performance.now() - askedAt
      // The clock was read somewhere between question and answer.
      offsetMs = time.getTime() - (Date.now() - roundTripMs / 2)
      problem = null
      return { roundTripMs: Math.round(roundTripMs), offsetMs: Math.round(offsetMs) }
    } catch (error) {
      problem = messageOf(error)
      throw error
    }
  }
}

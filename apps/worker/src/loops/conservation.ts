import { leaderDuty, recordSample, unconservedEvents, type Database, type UnconservedEvents } from '@tds/db'
import { childLogger, gauge, type HealthCheck, type Service } from '@tds/runtime'

const log = childLogger('worker:conservation')
const unconserved = gauge({
  name: 'tds_events_unconserved',
  help: 'Events by which counters and inbox disagree, as last compared by the worker that leads the duty. Anything but 0 means that events were lost or counted twice.',
})

/** The duty, and what it last found. */
export interface ConservationWatch {
  readonly service: Service
  readonly check: HealthCheck
  /** One comparison; returns the events by which counters and inbox disagree. */
  compare(): Promise<number>
}

const everyMs = 60_000

/**
 * Compares every minute, in one worker of all, what was received with what is finished or waiting: the law that nothing
 * accepted is lost, looked at from outside the code that keeps it.
 */
export function watchConservation({
  db,
  daemonId,
}: {
  readonly db: Database
  readonly daemonId: string
}): ConservationWatch {
  let found: readonly UnconservedEvents[] | null = null
  async function compare(): Promise<number> {
    found = await unconservedEvents(db)
    const events = found.reduce((sum, { difference }) => sum + Math.abs(difference), 0)
    unconserved.set(events)
    // The alerter reads it: comparing anew for every pass of its rules would cost too much.
    await recordSample(db, { metric: 'events_unconserved', value: events, unit: 'events' })
    if (events > 0) log.error('events are not conserved', { differences: found })
    return events
  }
  const service = leaderDuty({
    name: 'conservation',
    db,
    holder: daemonId,
    everyMs,
    runOnce: async () => ({ unconserved: await compare() }),
  })
  return { service, compare, check: { name: 'conservation', check: () => Promise.resolve(judge(found)) } }
}

function judge(found: readonly UnconservedEvents[] | null): Awaited<ReturnType<HealthCheck['check']>> {
  if (found === null) return { status: 'healthy', detail: 'Not compared by this worker: another one leads.' }
  if (found.length === 0) return { status: 'healthy', detail: 'Every event received is finished or waiting.' }
  const where = found.map(
    ({ scope, status, difference }) => `${String(difference)} in ${scope} ${status ?? ''}`,
  )
  return {
    status: 'degraded',
    detail: `Counters and inbox disagree: ${where.join(', ').trim()}.`,
    facts: { differences: found },
  }
}

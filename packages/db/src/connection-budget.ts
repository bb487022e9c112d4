import { childLogger, TdsError } from '@tds/runtime'

import type { Queryable } from './queryable.ts'
import { databaseVitals } from './sql/database-vitals.ts'

const log = childLogger('db:connections')

/** Connections left free for people, back-ups and deployments. */
export const connectionReserve = 10

/**
 * Looks at the start of a daemon whether Postgres allows the connections that its pools may grow to, beside those of the
 * daemons that run already. Too few for all is a warning, because it shows only under load.
 *
 * @throws TdsError `connections_short` when not even this daemon's fit: it would never work.
 */
export async function verifyConnections(db: Queryable, own: number): Promise<void> {
  const { connections_allowed: allowed, connections_planned: others } = await databaseVitals(db)
  const facts = { allowed, own, others, reserve: connectionReserve }
  if (own > allowed) {
    throw new TdsError(`Postgres allows ${allowed} connections, this daemon alone needs ${own}`, {
      code: 'connections_short',
      disposition: 'reject',
      nextStep: `Raise max_connections, or the limit of the role or the database, to ${own + connectionReserve} at least; then start again.`,
      facts,
    })
  }
  if (own + others + connectionReserve > allowed) {
    log.warn('the daemons may want more connections than Postgres allows: raise max_connections', facts)
  }
}

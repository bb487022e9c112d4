import type { Queryable } from '../queryable.ts'

/** What an api told of its spool with its last heartbeat. */
export interface SpoolStanding {
  readonly host: string
  /** Deliveries that wait on local disk. */
  readonly records: number
  /** Age of the oldest by now; null where none waits. */
  readonly oldest_seconds: number | null
  /** Free space of its volume, from 0 to 1; null before it was measured. */
  readonly free_share: number | null
}

/** Tells of the spools of all apis that beat within the last minute, the worst of each machine. */
export async function spoolStandings(db: Queryable): Promise<SpoolStanding[]> {
  const { rows } = await db.query<SpoolStanding>(
    `SELECT host, coalesce(sum((facts ->> 'spoolRecords')::int), 0)::int AS records,
            max((facts ->> 'spoolOldestSeconds')::float8 + extract(epoch FROM tds_now() - beat_at))::float8
              AS oldest_seconds,
            min((facts ->> 'spoolFreeShare')::float8) AS free_share
       FROM tds_daemons
      WHERE name = 'api' AND stopped_at IS NULL AND beat_at > tds_now() - interval '60 seconds'
      GROUP BY host ORDER BY host`,
    [],
    { name: 'spool_standings' },
  )
  return rows
}

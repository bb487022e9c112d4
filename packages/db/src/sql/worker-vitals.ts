import type { Queryable } from '../queryable.ts'

/** Since when nothing was heard of a role; null where nothing ever was. */
export async function secondsSinceBeat(db: Queryable, role: string): Promise<number | null> {
  const { rows } = await db.query<{ seconds: number | null }>(
    'SELECT extract(epoch FROM tds_now() - max(beat_at))::float8 AS seconds FROM tds_daemons WHERE name = $1',
    [role],
    { name: 'seconds_since_beat' },
  )
  return rows[0]?.seconds ?? null
}

/** Daemons of one role on one machine. */
export interface HostVitals {
  readonly host: string
  /** Those that fell silent without a goodbye and were not started again. */
  readonly missing: number
  /** Since the one that fell silent last was heard of; null where none did. */
  readonly silent_seconds: number | null
  /** Daemons of the role that beat, on all machines. */
  readonly alive: number
}

/**
 * Tells of each machine how many daemons of a role are missing: silent for longer than so many seconds, within the last
 * day, less those that were started since the first of them fell silent and have not stopped again. A crash leaves its row
 * behind, so a silent row alone proves nothing.
 */
export async function hostVitals(
  db: Queryable,
  o: { readonly role: string; readonly silentSeconds: number },
): Promise<HostVitals[]> {
  const { rows } = await db.query<HostVitals>(
    `WITH role AS MATERIALIZED (
       SELECT d.*, extract(epoch FROM tds_now() - d.beat_at) AS silent FROM tds_daemons d WHERE d.name = $1
     ), dead AS (
       SELECT host, count(*) AS daemons, min(beat_at) AS first_at, min(silent) AS silent FROM role
        WHERE stopped_at IS NULL AND silent > $2 AND silent < 86400 GROUP BY host
     )
     SELECT dead.host, dead.silent::float8 AS silent_seconds,
            greatest(0, dead.daemons
              - (SELECT count(*) FROM role r WHERE r.host = dead.host AND r.started_at >= dead.first_at)
              + (SELECT count(*) FROM role r WHERE r.host = dead.host AND r.stopped_at >= dead.first_at))::int AS missing,
            (SELECT count(*)::int FROM role r WHERE r.stopped_at IS NULL AND r.silent <= $2) AS alive
       FROM dead ORDER BY 1`,
    [o.role, o.silentSeconds],
    { name: 'host_vitals' },
  )
  return rows
}

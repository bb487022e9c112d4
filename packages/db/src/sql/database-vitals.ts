import type { Queryable } from '../queryable.ts'

/** How Postgres itself fares. */
export interface DatabaseVitals {
  /** Its clock, in milliseconds since 1970. */
  readonly epoch_ms: number
  /** Age of the oldest open transaction that keeps dead rows from being removed, in seconds; null where there is none. */
  readonly oldest_transaction_seconds: number | null
  /** Connections that an ordinary role may have, all together. */
  readonly connections_allowed: number
  readonly connections_open: number
  /** What the pools of all living daemons may grow to. */
  readonly connections_planned: number
}

/** The least of what server, database and role allow; the setting of PostgreSQL 16 that keeps more in reserve included. */
const connectionsAllowed = `least(
              current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
                - coalesce(current_setting('reserved_connections', true)::int, 0),
              (SELECT nullif(datconnlimit, -1) FROM pg_database WHERE datname = current_database()),
              (SELECT nullif(rolconnlimit, -1) FROM pg_roles WHERE rolname = current_user))`

/**
 * Reads the vitals of Postgres in one statement. A role without `pg_read_all_stats` does not see how long the transactions
 * of other roles last.
 */
export async function databaseVitals(db: Queryable): Promise<DatabaseVitals> {
  const { rows } = await db.query<DatabaseVitals>(
    `SELECT (extract(epoch FROM tds_now()) * 1000)::float8 AS epoch_ms,
            (SELECT extract(epoch FROM max(clock_timestamp() - begun.at))::float8
               FROM (SELECT xact_start AS at FROM pg_stat_activity
                      WHERE pid <> pg_backend_pid() AND backend_type = 'client backend' AND datname = current_database()
                      UNION ALL
                     SELECT prepared FROM pg_prepared_xacts WHERE database = current_database()) begun)
              AS oldest_transaction_seconds,
            ${connectionsAllowed} AS connections_allowed,
            (SELECT count(*)::int FROM pg_stat_activity WHERE backend_type = 'client backend') AS connections_open,
            (SELECT coalesce(sum((facts ->> 'connections')::int), 0)::int FROM tds_daemons
              WHERE stopped_at IS NULL AND beat_at > tds_now() - interval '60 seconds') AS connections_planned`,
    [],
    { name: 'database_vitals' },
  )
  const [row] = rows
  if (row === undefined) throw new RangeError('database_vitals gave no row')
  return row
}

import type { Queryable } from '../queryable.ts'

/** One start of a daemon. */
export interface DaemonRow {
  readonly id: string
  readonly name: string
  readonly version: string
  readonly host: string
  readonly pid: number
}

/** Writes down that a daemon lives. One statement for the first time and every later one, so that a lost row comes back. */
export async function recordHeartbeat(
  db: Queryable,
  daemon: DaemonRow,
  facts: Readonly<Record<string, unknown>>,
): Promise<void> {
  await db.query(
    `INSERT INTO tds_daemons AS daemon (id, name, version, host, pid, facts)
     VALUES ($1, $2, $3, $4, $5, $6)
     ON CONFLICT (id) DO UPDATE
       SET beat_at = tds_now(),
           stopped_at = NULL,
           facts = excluded.facts`,
    [daemon.id, daemon.name, daemon.version, daemon.host, daemon.pid, JSON.stringify(facts)],
  )
}

/** Writes down that a daemon has gone of its own accord; one that has died stays without this. */
export async function recordStop(db: Queryable, daemonId: string): Promise<void> {
  await db.query(`UPDATE tds_daemons SET stopped_at = tds_now() WHERE id = $1`, [daemonId])
}

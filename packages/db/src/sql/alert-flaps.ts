import type { Queryable } from '../queryable.ts'

/** Something that fires and resolves again and again; times as Postgres prints them. */
export interface StoredFlap {
  readonly fingerprint: string
  readonly rule: string
  readonly since: string
  readonly told_at: string | null
}

/** Everything that flaps. */
export async function listFlaps(db: Queryable): Promise<StoredFlap[]> {
  const { rows } = await db.query<StoredFlap>('SELECT fingerprint, rule, since, told_at FROM tds_alert_flaps')
  return rows
}

/** Notes that something flaps; false where that is known. */
export async function beginFlap(tx: Queryable, fingerprint: string, rule: string): Promise<boolean> {
  const { rowCount } = await tx.query(
    'INSERT INTO tds_alert_flaps (fingerprint, rule) VALUES ($1, $2) ON CONFLICT (fingerprint) DO NOTHING',
    [fingerprint, rule],
  )
  return rowCount > 0
}

/** Notes that people were told that it fires. */
export async function noteFlapTold(tx: Queryable, fingerprints: readonly string[]): Promise<void> {
  await tx.query('UPDATE tds_alert_flaps SET told_at = tds_now() WHERE fingerprint = ANY($1::text[])', [
    fingerprints,
  ])
}

/** Forgets what has become quiet. */
export async function endFlaps(tx: Queryable, fingerprints: readonly string[]): Promise<void> {
  await tx.query('DELETE FROM tds_alert_flaps WHERE fingerprint = ANY($1::text[])', [fingerprints])
}

import type { Queryable } from '../queryable.ts'

/** Alerts of which people are told together; times as Postgres prints them, `labels` as JSON text. */
export interface StoredAlertGroup {
  readonly group_key: string
  readonly route: string
  readonly labels: string
  readonly flush_at: string | null
  readonly flush_reason: string | null
  readonly flushed_at: string | null
  readonly version: number
}

const columns = 'group_key, route, labels, flush_at, flush_reason, flushed_at, version'

/**
 * Sees to it that a group is flushed in time: `waitSeconds` after now where nothing fired in it, `intervalSeconds` after its
 * last flush where something did, and in both cases not later than it is due already.
 */
export async function stirGroup(
  tx: Queryable,
  o: {
    readonly groupKey: string
    readonly route: string
    /** JSON text. */
    readonly labels: string
    readonly waitSeconds: number
    readonly intervalSeconds: number
  },
): Promise<void> {
  await tx.query(
    `INSERT INTO tds_alert_groups AS standing (group_key, route, labels, flush_at)
     VALUES ($1, $2, $3::jsonb, tds_now() + make_interval(secs => $4::float8))
         ON CONFLICT (group_key) DO UPDATE
        SET route = excluded.route, version = standing.version + 1,
            flush_at = least(standing.flush_at,
              CASE WHEN standing.is_open THEN greatest(tds_now(), standing.flushed_at + make_interval(secs => $5::float8))
                   ELSE excluded.flush_at END)`,
    [o.groupKey, o.route, o.labels, o.waitSeconds, o.intervalSeconds],
  )
}

/** Has groups flushed at once, for a reason that people are told. */
export async function hurryGroups(
  tx: Queryable,
  groupKeys: readonly string[],
  reason: string | null,
): Promise<void> {
  await tx.query(
    `UPDATE tds_alert_groups SET flush_at = tds_now(), flush_reason = coalesce($2, flush_reason), version = version + 1
      WHERE group_key = ANY($1::text[])`,
    [groupKeys, reason],
  )
}

/** Reads a group; null where there is none. */
export async function readGroup(db: Queryable, groupKey: string): Promise<StoredAlertGroup | null> {
  const { rows } = await db.query<StoredAlertGroup>(
    `SELECT ${columns} FROM tds_alert_groups WHERE group_key = $1`,
    [groupKey],
  )
  return rows[0] ?? null
}

/** Groups that are due, locked; the longest due first. */
export async function lockDueGroups(tx: Queryable, limit: number): Promise<StoredAlertGroup[]> {
  const { rows } = await tx.query<StoredAlertGroup>(
    `SELECT ${columns} FROM tds_alert_groups WHERE flush_at <= tds_now() ORDER BY flush_at LIMIT $1 FOR UPDATE`,
    [limit],
  )
  return rows
}

/** Notes that a group was flushed, and when next; null for when something happens in it. */
export async function settleGroup(
  tx: Queryable,
  groupKey: string,
  o: { readonly nextSeconds: number | null },
): Promise<void> {
  await tx.query(
    `UPDATE tds_alert_groups SET flushed_at = tds_now(), flush_reason = NULL, version = version + 1,
            flush_at = tds_now() + make_interval(secs => $2::float8), is_open = $2 IS NOT NULL
      WHERE group_key = $1`,
    [groupKey, o.nextSeconds],
  )
}

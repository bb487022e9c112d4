import type { Queryable } from '../queryable.ts'

/** Something that happened to an alert, or was decided about it. */
export interface TimelineEntry {
  readonly alertId: string | null
  readonly fingerprint: string | null
  readonly rule: string
  readonly event: string
  readonly receiver?: string | null
  readonly reason?: string | null
  readonly facts?: Readonly<Record<string, unknown>>
}

/** The same as stored. */
export interface StoredTimelineEntry {
  readonly position: string
  readonly at: string
  readonly alert_id: string | null
  readonly rule: string
  readonly event: string
  readonly receiver: string | null
  readonly reason: string | null
  /** JSON text. */
  readonly facts: string
}

/** Writes down what happened. */
export async function insertTimeline(tx: Queryable, entries: readonly TimelineEntry[]): Promise<void> {
  if (entries.length === 0) return
  await tx.query(
    `INSERT INTO tds_alert_timeline (alert_id, fingerprint, rule, event, receiver, reason, facts)
     SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::jsonb[])`,
    [
      entries.map(({ alertId }) => alertId),
      entries.map(({ fingerprint }) => fingerprint),
      entries.map(({ rule }) => rule),
      entries.map(({ event }) => event),
      entries.map(({ receiver }) => receiver ?? null),
      entries.map(({ reason }) => reason ?? null),
      entries.map(({ facts }) => JSON.stringify(facts ?? {})),
    ],
  )
}

/** The last reason for not telling a receiver of an alert, where that is the last thing that was decided; by `<alert> <receiver>`. */
export async function lastReasons(
  tx: Queryable,
  alertIds: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const { rows } = await tx.query<{ place: string; event: string; reason: string | null }>(
    `SELECT DISTINCT ON (alert_id, receiver) alert_id || ' ' || receiver AS place, event, reason FROM tds_alert_timeline
      WHERE alert_id = ANY($1::uuid[]) AND event IN ('not_sent', 'queued') AND receiver IS NOT NULL
      ORDER BY alert_id, receiver, position DESC`,
    [alertIds],
  )
  return new Map(
    rows.flatMap(({ place, event, reason }) =>
      event === 'not_sent' ? [[place, reason ?? ''] as const] : [],
    ),
  )
}

/** The story of an episode. */
export async function listTimeline(db: Queryable, alertId: string): Promise<StoredTimelineEntry[]> {
  const { rows } = await db.query<StoredTimelineEntry>(
    `SELECT position, at, alert_id, rule, event, receiver, reason, facts FROM tds_alert_timeline
      WHERE alert_id = $1 ORDER BY position LIMIT 1000`,
    [alertId],
  )
  return rows
}

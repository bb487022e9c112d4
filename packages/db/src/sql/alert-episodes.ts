import type { Queryable } from '../queryable.ts'
import type { AlertSeverity } from './alert-states.ts'

/** An episode to begin; `labels` and `facts` as JSON text. */
export interface NewEpisode {
  readonly fingerprint: string
  readonly rule: string
  readonly severity: AlertSeverity
  readonly title: string
  readonly labels: string
  readonly facts: string
  readonly value: number | null
  readonly threshold: number | null
  readonly entityType: string | null
}

/** An episode as stored; times as Postgres prints them, JSON as text. */
export interface StoredEpisode {
  readonly id: string
  readonly alert_type: string
  readonly severity: AlertSeverity
  readonly title: string
  readonly message: string
  readonly threshold_value: string | null
  readonly actual_value: string | null
  readonly is_active: boolean
  readonly acknowledged: boolean
  readonly acknowledged_at: string | null
  readonly acknowledged_by: string | null
  readonly acknowledged_until: string | null
  readonly triggered_at: string
  readonly resolved_at: string | null
  readonly resolved_by: string | null
  readonly resolution_notes: string | null
  readonly fingerprint: string
  readonly group_key: string | null
  /** JSON text: `{"labels": …, "facts": …}`. */
  readonly alert_metadata: string
}

const columns = `id, alert_type, severity, title, message, threshold_value, actual_value, is_active, acknowledged,
  acknowledged_at, acknowledged_by, acknowledged_until, triggered_at, resolved_at, resolved_by, resolution_notes, fingerprint, group_key,
  alert_metadata`

/** Begins an episode and returns its id. */
export async function beginEpisode(tx: Queryable, o: NewEpisode): Promise<string> {
  const { rows } = await tx.query<{ id: string }>(
    `INSERT INTO tds_alerts (alert_type, severity, title, message, entity_type, threshold_value, actual_value, fingerprint,
            alert_metadata)
     VALUES ($1, $2, $3, $3, (SELECT kind FROM unnest(enum_range(NULL::tds_entity_type)) AS kind WHERE kind::text = $4),
            to_jsonb($5::numeric), to_jsonb($6::numeric), $7,
            jsonb_build_object('labels', $8::jsonb, 'facts', $9::jsonb))
     RETURNING id`,
    [o.rule, o.severity, o.title, o.entityType, o.threshold, o.value, o.fingerprint, o.labels, o.facts],
  )
  const [row] = rows
  if (row === undefined) throw new RangeError('an episode that was just made is not there')
  return row.id
}

/** Writes what was last measured, and how urgent it is now. An acknowledgement ends where it has become more urgent. */
export async function renewEpisodes(
  tx: Queryable,
  episodes: readonly { id: string; severity: AlertSeverity; value: number | null; facts: string }[],
): Promise<void> {
  if (episodes.length === 0) return
  await tx.query(
    `UPDATE tds_alerts a
        SET severity = new.severity, actual_value = to_jsonb(new.value),
            alert_metadata = jsonb_set(a.alert_metadata, '{facts}', new.facts),
            acknowledged = a.acknowledged AND new.severity <= a.severity
       FROM unnest($1::uuid[], $2::tds_alert_severity[], $3::numeric[], $4::jsonb[]) AS new (id, severity, value, facts)
      WHERE a.id = new.id`,
    [
      episodes.map(({ id }) => id),
      episodes.map(({ severity }) => severity),
      episodes.map(({ value }) => value),
      episodes.map(({ facts }) => facts),
    ],
  )
}

/** Ends an episode. */
export async function endEpisode(
  tx: Queryable,
  id: string,
  o: { readonly by: string | null; readonly note: string | null },
): Promise<void> {
  await tx.query(
    `UPDATE tds_alerts SET is_active = false, resolved = true, resolved_at = tds_now(), resolved_by = $2,
            resolution_notes = $3
      WHERE id = $1 AND is_active`,
    [id, o.by, o.note],
  )
}

/** Notes the group in which people are told of it. */
export async function placeEpisode(tx: Queryable, id: string, groupKey: string): Promise<void> {
  await tx.query('UPDATE tds_alerts SET group_key = $2 WHERE id = $1', [id, groupKey])
}

/**
 * The episodes of a group that a flush looks at: what is active, what receivers believe to be active, and what began and
 * ended since the flush before.
 */
export async function episodesOfGroup(
  tx: Queryable,
  o: { readonly groupKey: string; readonly toldIds: readonly string[]; readonly since: string | null },
): Promise<StoredEpisode[]> {
  const { rows } = await tx.query<StoredEpisode>(
    `SELECT ${columns} FROM tds_alerts
      WHERE group_key = $1 AND (is_active OR id = ANY($2::uuid[]) OR triggered_at > coalesce($3::timestamptz, '-infinity'))
      ORDER BY severity DESC, triggered_at, id`,
    [o.groupKey, o.toldIds, o.since],
  )
  return rows
}

/** Lists episodes, the active ones first, then the newest. */
export async function listEpisodes(
  db: Queryable,
  o: { readonly active: boolean | null; readonly ids?: readonly string[]; readonly limit: number },
): Promise<StoredEpisode[]> {
  const { rows } = await db.query<StoredEpisode>(
    `SELECT ${columns} FROM tds_alerts
      WHERE fingerprint IS NOT NULL AND ($1::boolean IS NULL OR is_active = $1)
        AND ($2::uuid[] IS NULL OR id = ANY($2))
      ORDER BY is_active DESC, severity DESC, triggered_at DESC, id LIMIT $3`,
    [o.active, o.ids ?? null, o.limit],
  )
  return rows
}

/** How often each of these fired within so many minutes, and when it last began or ended. */
export async function episodeCounts(
  tx: Queryable,
  fingerprints: readonly string[],
  minutes: number,
): Promise<{ fingerprint: string; episodes: number; moved_at: string }[]> {
  const { rows } = await tx.query<{ fingerprint: string; episodes: number; moved_at: string }>(
    `SELECT fingerprint, count(*) FILTER (WHERE triggered_at > tds_now() - make_interval(mins => $2))::int AS episodes,
            max(greatest(triggered_at, resolved_at)) AS moved_at
       FROM tds_alerts
      WHERE fingerprint = ANY($1::text[]) AND triggered_at > tds_now() - make_interval(mins => 2 * $2)
      GROUP BY fingerprint`,
    [fingerprints, minutes],
  )
  return rows
}

/** Writes down an episode that is over already, of a time in which nothing could be written; returns its id. */
export async function recordPastEpisode(
  tx: Queryable,
  o: {
    readonly rule: string
    readonly title: string
    readonly severity: AlertSeverity
    readonly fingerprint: string
    readonly since: string
    readonly endedAt: string
  },
): Promise<string> {
  const { rows } = await tx.query<{ id: string }>(
    `INSERT INTO tds_alerts (alert_type, severity, title, message, fingerprint, is_active, resolved, triggered_at, resolved_at,
            resolution_notes)
     VALUES ($1, $2, $3, $3, $4, false, true, $5::timestamptz, $6::timestamptz, 'told past Postgres')
     RETURNING id`,
    [o.rule, o.severity, o.title, o.fingerprint, o.since, o.endedAt],
  )
  return rows[0]?.id ?? ''
}

/** The newest episode of an instance; null where it has none. */
export async function newestEpisode(tx: Queryable, fingerprint: string): Promise<StoredEpisode | null> {
  const { rows } = await tx.query<StoredEpisode>(
    `SELECT ${columns} FROM tds_alerts WHERE fingerprint = $1 ORDER BY triggered_at DESC LIMIT 1`,
    [fingerprint],
  )
  return rows[0] ?? null
}

/** An episode that a person wants to change, and whether somebody has it in hand at this moment. */
export interface LockedEpisode extends StoredEpisode {
  readonly is_held: boolean
}

/** Reads an episode and keeps everybody else from it until the transaction ends; null where there is none. */
export async function lockEpisode(tx: Queryable, id: string): Promise<LockedEpisode | null> {
  const { rows } = await tx.query<LockedEpisode>(
    `SELECT ${columns}, is_active AND acknowledged AND coalesce(acknowledged_until > tds_now(), true) AS is_held
       FROM tds_alerts WHERE id = $1 AND fingerprint IS NOT NULL FOR UPDATE`,
    [id],
  )
  return rows[0] ?? null
}

/** Notes that a person has it in hand, for so many hours or until it is over; returns until when. */
export async function acknowledgeEpisode(
  tx: Queryable,
  o: { readonly id: string; readonly by: string; readonly hours: number | null },
): Promise<string | null> {
  const { rows } = await tx.query<{ until: string | null }>(
    `UPDATE tds_alerts
        SET acknowledged = true, acknowledged_at = tds_now(), acknowledged_by = $2,
            acknowledged_until = tds_now() + make_interval(secs => $3::float8 * 3600)
      WHERE id = $1 AND is_active RETURNING acknowledged_until AS until`,
    [o.id, o.by, o.hours],
  )
  return rows[0]?.until ?? null
}

/** Takes it back; false where nobody had it. */
export async function unacknowledgeEpisode(tx: Queryable, id: string): Promise<boolean> {
  const { rowCount } = await tx.query(
    `UPDATE tds_alerts SET acknowledged = false, acknowledged_at = NULL, acknowledged_by = NULL, acknowledged_until = NULL
      WHERE id = $1 AND is_active AND acknowledged`,
    [id],
  )
  return rowCount > 0
}

/** Active episodes whose acknowledgement has come to its end. */
export async function expiredAcknowledgements(tx: Queryable): Promise<StoredEpisode[]> {
  const { rows } = await tx.query<StoredEpisode>(
    `SELECT ${columns} FROM tds_alerts WHERE is_active AND acknowledged AND acknowledged_until <= tds_now()`,
  )
  return rows
}

/**
 * Active episodes whose acknowledgement ends within so many minutes, lasts for longer than that, and of which nobody was
 * reminded since it was given.
 */
export async function endingAcknowledgements(tx: Queryable, minutes: number): Promise<StoredEpisode[]> {
  const { rows } = await tx.query<StoredEpisode>(
    `SELECT ${columns} FROM tds_alerts
      WHERE is_active AND acknowledged AND acknowledged_until > tds_now()
        AND acknowledged_until <= tds_now() + make_interval(mins => $1)
        AND acknowledged_until > acknowledged_at + make_interval(mins => $1)
        AND NOT EXISTS (SELECT FROM tds_alert_timeline t
                         WHERE t.alert_id = tds_alerts.id AND t.event = 'reminded' AND t.at >= tds_alerts.acknowledged_at)`,
    [minutes],
  )
  return rows
}

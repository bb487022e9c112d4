import type { Queryable } from '../queryable.ts'
import type { AlertSeverity } from './alert-states.ts'

/** What a receiver was last told of a group, and what is under way to it. */
export interface ToldRow {
  readonly receiver: string
  /** JSON text: fingerprint → episode. */
  readonly firing: string
  readonly severity: AlertSeverity | null
  readonly sequence: number
  readonly repeats: number
  readonly sent_at: string | null
  /** Messages that have not left yet and could be replaced. */
  readonly replaceable: readonly string[]
  /** Whether anything is under way, replaceable or not. */
  readonly is_under_way: boolean
}

/**
 * What each receiver of a group knows once what is under way to it has arrived: the last message that is not given up
 * decides, the log where none is under way.
 */
export async function toldOfGroup(tx: Queryable, groupKey: string): Promise<ToldRow[]> {
  const { rows } = await tx.query<ToldRow>(
    `WITH open AS (
       SELECT receiver, max(sequence) AS sequence,
              (array_agg(log_entry ORDER BY sequence DESC) FILTER (WHERE log_entry IS NOT NULL))[1] AS entry,
              coalesce(array_agg(id) FILTER (WHERE state IN ('queued', 'waiting')), '{}') AS replaceable
         FROM tds_notifications WHERE group_key = $1 AND finished_at IS NULL GROUP BY receiver)
     SELECT coalesce(log.receiver, open.receiver) AS receiver,
            coalesce(open.entry -> 'firing', log.firing, '{}') AS firing,
            CASE WHEN open.entry IS NULL THEN log.severity ELSE (open.entry ->> 'severity')::tds_alert_severity END AS severity,
            greatest(log.sequence, open.sequence, (SELECT max(n.sequence) FROM tds_notifications n
              WHERE n.group_key = $1 AND n.receiver = coalesce(log.receiver, open.receiver)), 0) AS sequence,
            coalesce((open.entry ->> 'repeats')::int, log.repeats, 0) AS repeats,
            CASE WHEN open.receiver IS NULL THEN log.sent_at END AS sent_at,
            coalesce(open.replaceable, '{}') AS replaceable, open.receiver IS NOT NULL AS is_under_way
       FROM (SELECT * FROM tds_notification_log WHERE group_key = $1) AS log
       FULL JOIN open ON open.receiver = log.receiver`,
    [groupKey],
  )
  return rows
}

/** A message of a group. */
export interface GroupNotification {
  readonly id: string
  readonly receiver: string
  readonly integration: string
  readonly groupKey: string
  readonly sequence: number
  readonly kind: string
  readonly severity: AlertSeverity
  /** JSON text. */
  readonly message: string
  readonly alertIds: readonly string[]
  /** JSON text of what the log says once it is delivered; null for nothing. */
  readonly logEntry: string | null
  readonly maxAgeSeconds: number
}

/** Puts a message of a group into the outbox, with what its receiver knows once it has it. */
export async function queueNotification(tx: Queryable, o: GroupNotification): Promise<void> {
  await tx.query(
    `INSERT INTO tds_notifications (id, receiver, integration, group_key, sequence, kind, severity, message, alert_ids,
            log_entry, expires_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8::jsonb, $9::uuid[], $10::jsonb, tds_now() + make_interval(secs => $11::float8))`,
    [
      o.id,
      o.receiver,
      o.integration,
      o.groupKey,
      o.sequence,
      o.kind,
      o.severity,
      o.message,
      o.alertIds,
      o.logEntry,
      o.maxAgeSeconds,
    ],
  )
}

/** Writes what a receiver knows although nothing is sent to it. */
export async function noteTold(
  tx: Queryable,
  o: { readonly groupKey: string; readonly receiver: string; readonly firing: string },
): Promise<void> {
  await tx.query(
    `UPDATE tds_notification_log SET firing = $3::jsonb, severity = CASE WHEN $3::jsonb = '{}' THEN NULL ELSE severity END
      WHERE group_key = $1 AND receiver = $2`,
    [o.groupKey, o.receiver, o.firing],
  )
}

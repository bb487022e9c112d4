import type { Queryable } from '../queryable.ts'

/** A message that was given up. */
export interface ExpiredNotification {
  readonly id: string
  readonly receiver: string
  readonly integration: string
  readonly kind: string
  readonly severity: string
}

/** Gives up what nobody wants to hear any more; what is being sent at this moment may still arrive. */
export async function expireNotifications(tx: Queryable): Promise<ExpiredNotification[]> {
  const { rows } = await tx.query<ExpiredNotification>(
    `UPDATE tds_notifications
        SET state = 'dead', finished_at = tds_now(), lease_holder = NULL, lease_until = NULL,
            detail = 'given up because it was too old; before that: ' || coalesce(detail, 'never tried')
      WHERE id IN (SELECT id FROM tds_notifications
                    WHERE finished_at IS NULL AND expires_at <= tds_now()
                      AND (state <> 'sending' OR lease_until < tds_now())
                      FOR UPDATE SKIP LOCKED)
     RETURNING id, receiver, integration, kind, severity`,
  )
  return rows
}

/** What a fallback depends on. */
export interface FallbackWish {
  /** The ways that are set up. */
  readonly integrations: readonly string[]
  /** How long a critical message may be on its way. */
  readonly afterSeconds: number
}

/**
 * Has critical messages that did not arrive in time, or whose way is broken or dead, told by the other ways that work, once
 * each; not where that way tells of the same already. Returns how many were made.
 */
export async function insertFallbacks(tx: Queryable, wish: FallbackWish): Promise<number> {
  const { rowCount } = await tx.query(
    `WITH stuck AS (
       SELECT n.* FROM tds_notifications n LEFT JOIN tds_receiver_states s ON s.integration = n.integration
        WHERE n.severity = 'critical' AND n.fallback_of IS NULL AND n.kind NOT IN ('internal', 'test')
          AND n.created_at > tds_now() - interval '1 day' AND n.state IN ('queued', 'sending', 'waiting', 'dead')
          AND (n.created_at <= tds_now() - make_interval(secs => $2::float8) OR n.state = 'dead'
               OR s.broken_since IS NOT NULL OR n.integration <> ALL($1::text[]))
     ), ways AS (
       SELECT way FROM unnest($1::text[]) AS way
        WHERE NOT EXISTS (SELECT FROM tds_receiver_states s WHERE s.integration = way AND s.broken_since IS NOT NULL)
     )
     INSERT INTO tds_notifications (receiver, integration, kind, severity, message, alert_ids, expires_at, fallback_of)
     SELECT split_part(n.receiver, '/', 1) || '/' || way, way, n.kind, n.severity,
            jsonb_set(n.message, '{reason}', to_jsonb('not delivered by ' || n.integration)), n.alert_ids,
            tds_now() + interval '1 day', n.id
       FROM stuck n JOIN ways ON ways.way <> n.integration
      WHERE NOT EXISTS (SELECT FROM tds_notifications f WHERE f.fallback_of = n.id AND f.integration = way)
        AND NOT EXISTS (
          SELECT FROM tds_notifications same
           WHERE same.integration = way AND same.kind = n.kind AND same.state <> 'dead'
             AND same.created_at >= n.created_at - interval '1 minute'
             AND (same.alert_ids && n.alert_ids OR same.alert_ids = n.alert_ids AND same.group_key = n.group_key))`,
    [wish.integrations, wish.afterSeconds],
  )
  return rowCount
}

/** A message that the alerter itself wants to send. */
export interface NewNotification {
  readonly receiver: string
  readonly integration: string
  readonly kind: string
  readonly severity: string
  readonly message: object
  readonly expiresInSeconds: number
  /** Who sends it at once; null leaves it to the lane. */
  readonly holder: string | null
}

/** Puts a message into the outbox; returns its id. */
export async function insertNotification(tx: Queryable, o: NewNotification): Promise<string> {
  const { rows } = await tx.query<{ id: string }>(
    `INSERT INTO tds_notifications
       (receiver, integration, kind, severity, message, expires_at, state, lease_holder, lease_until, epoch)
     VALUES ($1, $2, $3, $4::tds_alert_severity, $5::jsonb, tds_now() + make_interval(secs => $6::float8),
             CASE WHEN $7::uuid IS NULL THEN 'queued' ELSE 'sending' END, $7::uuid,
             CASE WHEN $7::uuid IS NOT NULL THEN tds_now() + interval '1 minute' END,
             CASE WHEN $7::uuid IS NULL THEN 0 ELSE 1 END)
     RETURNING id`,
    [o.receiver, o.integration, o.kind, o.severity, JSON.stringify(o.message), o.expiresInSeconds, o.holder],
  )
  return rows[0]?.id ?? ''
}

/** How many tests of a receiver were asked for within the last minute. */
export async function countTests(tx: Queryable, integration: string): Promise<number> {
  const { rows } = await tx.query<{ count: number }>(
    `SELECT count(*)::int AS count FROM tds_notifications
      WHERE kind = 'test' AND integration = $1 AND created_at > tds_now() - interval '1 minute'`,
    [integration],
  )
  return rows[0]?.count ?? 0
}

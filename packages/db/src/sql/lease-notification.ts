import type { Queryable } from '../queryable.ts'

/** The right to send one message and to say what came of it. */
export interface NotificationLease {
  readonly id: string
  readonly holder: string
  readonly epoch: number
}

/** Takes a message that was seen due in this epoch; null where somebody else has changed or holds it. */
export async function leaseNotification(
  tx: Queryable,
  seen: { readonly id: string; readonly epoch: number },
  o: { readonly holder: string; readonly seconds: number },
): Promise<NotificationLease | null> {
  const { rows } = await tx.query<{ epoch: number }>(
    `UPDATE tds_notifications
        SET state = 'sending', lease_holder = $3::uuid, lease_until = tds_now() + make_interval(secs => $4::float8),
            epoch = epoch + 1
      WHERE id = (SELECT id FROM tds_notifications
                   WHERE id = $1::uuid AND epoch = $2 AND finished_at IS NULL FOR UPDATE SKIP LOCKED)
     RETURNING epoch`,
    [seen.id, seen.epoch, o.holder, o.seconds],
    { name: 'lease_notification' },
  )
  const [row] = rows
  return row === undefined ? null : { id: seen.id, holder: o.holder, epoch: row.epoch }
}

/** Has one message tell what others were to tell; those that somebody else holds are left. Returns which were merged. */
export async function mergeNotifications(
  tx: Queryable,
  into: string,
  ids: readonly string[],
): Promise<string[]> {
  const { rows } = await tx.query<{ id: string }>(
    `UPDATE tds_notifications
        SET state = 'merged', merged_into = $1::uuid, finished_at = tds_now(), detail = 'told by another message'
      WHERE id IN (SELECT id FROM tds_notifications
                    WHERE id = ANY($2::uuid[]) AND state IN ('queued', 'waiting') FOR UPDATE SKIP LOCKED)
     RETURNING id`,
    [into, ids],
  )
  return rows.map(({ id }) => id)
}

/** The episodes that these messages tell of. */
export async function episodesToldBy(tx: Queryable, ids: readonly string[]): Promise<string[]> {
  const { rows } = await tx.query<{ id: string }>(
    'SELECT DISTINCT unnest(alert_ids) AS id FROM tds_notifications WHERE id = ANY($1::uuid[])',
    [ids],
  )
  return rows.map(({ id }) => id)
}

/** Changes what a leased message says, before it is sent. */
export async function rewriteNotification(
  tx: Queryable,
  lease: NotificationLease,
  o: { readonly message: object; readonly severity: string },
): Promise<void> {
  await tx.query(
    `UPDATE tds_notifications SET message = $3::jsonb, severity = $4::tds_alert_severity
      WHERE id = $1::uuid AND epoch = $2`,
    [lease.id, lease.epoch, JSON.stringify(o.message), o.severity],
  )
}

import type { Queryable } from '../queryable.ts'
import type { NotificationLease } from './lease-notification.ts'

/** What came of an attempt. */
export interface NotificationOutcome {
  /** `waiting` for another attempt, or finished. */
  readonly state: 'waiting' | 'delivered' | 'dead'
  readonly outcome: string
  readonly providerStatus: string | null
  readonly detail: string | null
  /** What became of each recipient; null where it has none of its own. */
  readonly recipients: readonly object[] | null
  /** Until the next attempt. */
  readonly waitMs: number
  readonly burnsAttempt: boolean
  readonly isPlain: boolean
}

/** Writes the outcome of an attempt. False where the lease has lapsed and somebody else has the message now. */
export async function finishNotification(
  tx: Queryable,
  lease: NotificationLease,
  o: NotificationOutcome,
): Promise<boolean> {
  const { rowCount } = await tx.query(
    `UPDATE tds_notifications
        SET state = $4, outcome = $5, provider_status = $6, detail = $7,
            recipients = coalesce($8::jsonb, recipients),
            not_before = tds_now() + make_interval(secs => $9::float8 / 1000),
            attempt = attempt + CASE WHEN $10 THEN 1 ELSE 0 END, is_plain = is_plain OR $11,
            finished_at = CASE WHEN $4 <> 'waiting' THEN tds_now() END,
            lease_holder = NULL, lease_until = NULL
      WHERE id = $1::uuid AND lease_holder = $2::uuid AND epoch = $3 AND state = 'sending'`,
    [
      lease.id,
      lease.holder,
      lease.epoch,
      o.state,
      o.outcome,
      o.providerStatus,
      o.detail,
      o.recipients === null ? null : JSON.stringify(o.recipients),
      o.waitMs,
      o.burnsAttempt,
      o.isPlain,
    ],
    { name: 'finish_notification' },
  )
  return rowCount === 1
}

// A message with everything that it tells beside its own.
const told = `WITH RECURSIVE told AS (
    SELECT n.* FROM tds_notifications n WHERE n.id = ANY($1::uuid[])
     UNION
    SELECT n.* FROM tds_notifications n JOIN told ON n.merged_into = told.id
  )`

/** Notes in the log of each group what its receiver now knows: of the message and of all that were merged into it. */
export async function logNotified(tx: Queryable, id: string): Promise<void> {
  await tx.query(
    `${told}
     INSERT INTO tds_notification_log AS known (group_key, receiver, firing, severity, sequence, repeats, sent_at)
     SELECT DISTINCT ON (group_key, receiver)
            group_key, receiver, coalesce(log_entry->'firing', '{}'),
            (log_entry->>'severity')::tds_alert_severity, sequence, coalesce((log_entry->>'repeats')::int, 0), tds_now()
       FROM told WHERE group_key IS NOT NULL AND log_entry IS NOT NULL AND jsonb_typeof(log_entry) = 'object'
      ORDER BY group_key, receiver, sequence DESC
         ON CONFLICT (group_key, receiver) DO UPDATE
        SET firing = excluded.firing, severity = excluded.severity, sequence = excluded.sequence,
            repeats = excluded.repeats, sent_at = excluded.sent_at
      WHERE known.sequence <= excluded.sequence`,
    [[id]],
  )
}

/** Writes into the story of each alert that a message tells of what became of it: `delivered` or `failed`. */
export async function noteInTimeline(
  tx: Queryable,
  ids: readonly string[],
  o: { readonly event: 'delivered' | 'failed'; readonly reason: string | null },
): Promise<void> {
  await tx.query(
    `${told}
     INSERT INTO tds_alert_timeline (alert_id, fingerprint, rule, event, receiver, reason, facts)
     SELECT DISTINCT ON (a.id, told.receiver) a.id, a.fingerprint, a.alert_type, $2, told.receiver, $3,
            jsonb_build_object('notificationId', told.id, 'integration', told.integration)
       FROM told CROSS JOIN unnest(told.alert_ids) AS told_of(id) JOIN tds_alerts a ON a.id = told_of.id
      ORDER BY a.id, told.receiver, told.merged_into NULLS FIRST`,
    [ids, o.event, o.reason],
  )
}

import type { Queryable } from '../queryable.ts'

/** A message of the outbox that could be sent now. */
export interface DueNotification {
  readonly id: string
  readonly receiver: string
  readonly integration: string
  readonly group_key: string | null
  readonly sequence: number
  readonly kind: string
  readonly severity: 'info' | 'warning' | 'error' | 'critical'
  /** JSON as it is stored. */
  readonly message: string
  readonly attempt: number
  readonly is_plain: boolean
  readonly epoch: number
  /** JSON, or null where nobody had it yet. */
  readonly recipients: string | null
  /** Nothing of its group stands in front of it. */
  readonly is_first: boolean
  /** Somebody may have sent it before and died. */
  readonly is_retaken: boolean
}

/**
 * What a lane could send now, the most urgent first; a message is as urgent as the most urgent behind it in its group.
 * One whose group has something in front of it that is not due itself is left out.
 */
export async function dueNotifications(
  tx: Queryable,
  integration: string,
  most: number,
): Promise<DueNotification[]> {
  const { rows } = await tx.query<DueNotification>(
    `WITH due AS MATERIALIZED (
       SELECT id, receiver, integration, group_key, sequence, kind, severity, message, attempt, is_plain, epoch,
              recipients, created_at, state = 'sending' AS is_retaken
         FROM tds_notifications
        WHERE integration = $1 AND finished_at IS NULL AND expires_at > tds_now() AND kind <> 'test'
          AND (state IN ('queued', 'waiting') AND not_before <= tds_now()
               OR state = 'sending' AND lease_until < tds_now())
     ), in_front AS (
       SELECT d.id, count(*) AS unfinished, count(*) FILTER (WHERE other.id IS NULL) AS not_due
         FROM due d
         JOIN tds_notifications p
           ON p.group_key = d.group_key AND p.receiver = d.receiver AND p.sequence < d.sequence
          AND p.finished_at IS NULL
         LEFT JOIN due other ON other.id = p.id
        GROUP BY d.id
     )
     SELECT d.id, receiver, integration, group_key, sequence, kind, severity, message, attempt, is_plain, epoch,
            recipients, is_retaken, f.id IS NULL AS is_first
       FROM due d LEFT JOIN in_front f ON f.id = d.id
      WHERE coalesce(f.not_due, 0) = 0
      ORDER BY max(severity) OVER (PARTITION BY coalesce(group_key, d.id::text), receiver) DESC, created_at, sequence
      LIMIT $2`,
    [integration, most],
    { name: 'due_notifications' },
  )
  return rows
}

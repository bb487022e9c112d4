import type { Queryable } from '../queryable.ts'
import type { AlertSeverity } from './alert-states.ts'

/** A message and what became of it; times as Postgres prints them. */
export interface StoredNotification {
  readonly id: string
  readonly receiver: string
  readonly integration: string
  readonly kind: string
  readonly severity: AlertSeverity
  readonly state: 'queued' | 'sending' | 'waiting' | 'delivered' | 'merged' | 'dead'
  readonly attempt: number
  readonly not_before: string
  readonly fallback_of: string | null
  readonly merged_into: string | null
  readonly outcome: string | null
  readonly provider_status: string | null
  readonly detail: string | null
  /** JSON text, or null where it has only one. */
  readonly recipients: string | null
  readonly created_at: string
  readonly finished_at: string | null
}

const columns = `id, receiver, integration, kind, severity, state, attempt, not_before, fallback_of, merged_into, outcome,
  provider_status, detail, recipients, created_at, finished_at`

/** The delivery log, newest first; where asked for, only what was given up or fails at this moment. */
export async function listNotifications(
  db: Queryable,
  o: {
    readonly failed: boolean
    readonly limit: number
    readonly after: { readonly at: string; readonly id: string } | null
  },
): Promise<StoredNotification[]> {
  const { rows } = await db.query<StoredNotification>(
    `SELECT ${columns} FROM tds_notifications
      WHERE (NOT $1 OR state = 'dead' OR attempt > 0 AND finished_at IS NULL)
        AND ($2::timestamptz IS NULL OR (created_at, id) < ($2, $3::uuid))
      ORDER BY created_at DESC, id DESC LIMIT $4`,
    [o.failed, o.after?.at ?? null, o.after?.id ?? null, o.limit],
  )
  return rows
}

/** Messages that tell of an episode, oldest first. */
export async function notificationsOfEpisode(
  db: Queryable,
  episode: { readonly id: string; readonly since: string },
): Promise<StoredNotification[]> {
  const { rows } = await db.query<StoredNotification>(
    `SELECT ${columns} FROM tds_notifications
      WHERE created_at >= $2::timestamptz AND $1::uuid = ANY(alert_ids) ORDER BY created_at, sequence, id LIMIT 1000`,
    [episode.id, episode.since],
  )
  return rows
}

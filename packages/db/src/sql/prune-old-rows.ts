import type { Queryable } from '../queryable.ts'

/** What is kept for a limited time only, and the function that holds the rule: psql and the worker call the same one. */
const rules = {
  inbox_events: 'tds_cleanup_old_inbox_events',
  sync_logs: 'tds_cleanup_old_sync_logs',
  metrics: 'tds_cleanup_old_metrics',
  alerts: 'tds_cleanup_old_alerts',
  event_counts: 'tds_fold_old_event_counts',
  attempt_counts: 'tds_cleanup_old_attempt_counts',
  webhook_refusals: 'tds_cleanup_old_webhook_refusals',
  calls: 'tds_fold_old_calls',
  call_counts: 'tds_cleanup_old_call_counts',
  first_sights: 'tds_cleanup_old_first_sights',
  webhook_counts: 'tds_cleanup_old_webhook_counts',
  differences: 'tds_cleanup_old_differences',
  runs: 'tds_cleanup_old_runs',
  operations: 'tds_cleanup_old_operations',
  notifications: 'tds_cleanup_old_notifications',
  alert_timeline: 'tds_cleanup_old_alert_timeline',
  silences: 'tds_cleanup_old_silences',
  alert_groups: 'tds_cleanup_old_alert_groups',
  notification_log: 'tds_cleanup_old_notification_log',
} as const

/** Something that is kept for a limited time only. */
export type Prunable = keyof typeof rules

/** Everything that is kept for a limited time only. */
export const prunables = Object.keys(rules) as readonly Prunable[]

/** Deletes (of counters: sums up) at most one batch of what has outlived its time by the settings, and returns how many rows. */
export async function pruneOldRows(tx: Queryable, what: Prunable, batch: number): Promise<number> {
  const { rows } = await tx.query<{ pruned: number }>(`SELECT ${rules[what]}($1)::int AS pruned`, [batch])
  return rows[0]?.pruned ?? 0
}

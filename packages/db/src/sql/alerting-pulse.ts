import type { Queryable } from '../queryable.ts'

/** Whether alerting works from end to end; times in seconds. */
export interface AlertingPulse {
  /** Since any alerter last evaluated its rules; null where none ever has. */
  readonly evaluated_seconds: number | null
  /** Age of the oldest critical message that is neither delivered nor given up; null where there is none. */
  readonly critical_waiting_seconds: number | null
}

/** Reads how alerting does. */
export async function alertingPulse(db: Queryable): Promise<AlertingPulse> {
  const { rows } = await db.query<AlertingPulse>(
    `SELECT extract(epoch FROM tds_now() - (SELECT max(evaluated_at) FROM tds_alert_rule_runs))::float8 AS evaluated_seconds,
            extract(epoch FROM tds_now() - (SELECT min(created_at) FROM tds_notifications
              WHERE finished_at IS NULL AND severity = 'critical'))::float8 AS critical_waiting_seconds`,
  )
  return rows[0] ?? { evaluated_seconds: null, critical_waiting_seconds: null }
}

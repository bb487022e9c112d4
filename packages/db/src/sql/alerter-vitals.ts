import type { Queryable } from '../queryable.ts'

/** A rule that cannot be evaluated. */
export interface FailingRule {
  readonly rule: string
  readonly failures: number
  readonly failing_seconds: number
}

/** The rules whose last evaluation failed. */
export async function failingRules(db: Queryable): Promise<FailingRule[]> {
  const { rows } = await db.query<FailingRule>(
    `SELECT rule, failures, extract(epoch FROM tds_now() - failing_since)::float8 AS failing_seconds
       FROM tds_alert_rule_runs WHERE failing_since IS NOT NULL ORDER BY rule`,
    [],
    { name: 'failing_rules' },
  )
  return rows
}

/** A way to people whose provider refuses us. */
export interface BrokenReceiver {
  readonly integration: string
  readonly broken_seconds: number
  readonly failures: number
}

/** The ways to people that are broken. */
export async function brokenReceivers(db: Queryable): Promise<BrokenReceiver[]> {
  const { rows } = await db.query<BrokenReceiver>(
    `SELECT integration, extract(epoch FROM tds_now() - broken_since)::float8 AS broken_seconds, failures
       FROM tds_receiver_states WHERE broken_since IS NOT NULL ORDER BY integration`,
    [],
    { name: 'broken_receivers' },
  )
  return rows
}

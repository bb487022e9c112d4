import type { Queryable } from '../queryable.ts'

/** How the evaluation of a rule goes; times as Postgres prints them. */
export interface AlertRuleRun {
  readonly rule: string
  readonly evaluated_at: string
  readonly succeeded_at: string | null
  readonly failures: number
  readonly failing_since: string | null
  readonly error: string | null
}

/** Notes how a pass over all rules went, rule by rule; `error` null where it went well. */
export async function recordRuleRuns(
  tx: Queryable,
  runs: readonly { readonly rule: string; readonly error: string | null }[],
): Promise<void> {
  await tx.query(
    `INSERT INTO tds_alert_rule_runs AS run (rule, evaluated_at, succeeded_at, failures, failing_since, error)
     SELECT rule, tds_now(), CASE WHEN error IS NULL THEN tds_now() END, (error IS NOT NULL)::int,
            CASE WHEN error IS NOT NULL THEN tds_now() END, error
       FROM unnest($1::text[], $2::text[]) AS new (rule, error)
         ON CONFLICT (rule) DO UPDATE
        SET evaluated_at = excluded.evaluated_at,
            succeeded_at = coalesce(excluded.succeeded_at, run.succeeded_at),
            failures = CASE WHEN excluded.error IS NULL THEN 0 ELSE run.failures + 1 END,
            failing_since = CASE WHEN excluded.error IS NOT NULL THEN coalesce(run.failing_since, excluded.failing_since) END,
            error = excluded.error`,
    [runs.map(({ rule }) => rule), runs.map(({ error }) => error)],
  )
  // A rule that is switched off, or no more, fails no longer.
  await tx.query('DELETE FROM tds_alert_rule_runs WHERE rule <> ALL($1::text[])', [
    runs.map(({ rule }) => rule),
  ])
}

/** How the evaluation of every rule goes. */
export async function listRuleRuns(db: Queryable): Promise<AlertRuleRun[]> {
  const { rows } = await db.query<AlertRuleRun>(
    'SELECT rule, evaluated_at, succeeded_at, failures, failing_since, error FROM tds_alert_rule_runs ORDER BY rule',
  )
  return rows
}

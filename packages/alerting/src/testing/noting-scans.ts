import type { Queryable } from '@tds/db'

/** Tables that grow with what comes in. */
export const largeTables: ReadonlySet<string> = new Set([
  'tds_inbox_events',
  'tds_metrics',
  'tds_sync_logs',
  'tds_dead_letter_queue',
  'tds_audit_trail',
  'tds_reconciliation_differences',
  'tds_calls',
  'tds_event_counts',
  'tds_attempt_counts',
  'tds_webhook_refusals',
])

interface Plan {
  readonly 'Node Type': string
  readonly 'Relation Name'?: string
  readonly Plans?: readonly Plan[]
}

/** Has each statement explained before it runs, and notes the tables that are scanned as a whole. */
export function notingScans(tx: Queryable, scans: string[]): Queryable {
  return {
    query: async (text, values) => {
      const { rows } = await tx.query<{ 'QUERY PLAN': string }>(`EXPLAIN (FORMAT JSON) ${text}`, values)
      const [{ Plan: plan }] = JSON.parse(rows[0]?.['QUERY PLAN'] ?? '') as [{ Plan: Plan }]
      collect(plan, scans)
      return tx.query(text, values)
    },
  }
}

function collect(plan: Plan, scans: string[]): void {
  if (plan['Node Type'].endsWith('Seq Scan')) scans.push(plan['Relation Name'] ?? '')
  for (const below of plan.Plans ?? []) collect(below, scans)
}

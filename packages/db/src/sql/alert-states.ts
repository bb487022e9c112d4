import type { Queryable } from '../queryable.ts'
import { jsonRows } from './json-rows.ts'

/** How urgent an alert is: the values of `tds_alert_severity`. */
export type AlertSeverity = 'info' | 'warning' | 'error' | 'critical'

/** Something that is not well, as stored; times as Postgres prints them, `labels` and `facts` as JSON text. */
export interface StoredAlertState {
  readonly fingerprint: string
  readonly rule: string
  readonly labels: string
  readonly state: 'pending' | 'firing' | 'recovering'
  readonly severity: AlertSeverity
  readonly value: string | null
  readonly threshold: string | null
  readonly facts: string
  readonly active_since: string
  readonly fired_at: string | null
  readonly clear_since: string | null
  readonly evaluated_at: string
  readonly reentries: number
  readonly alert_id: string | null
  readonly version: number
}

/** The same to be written; `version` is the one that was read, 0 where there was none. */
export type NewAlertState = StoredAlertState

/** All that is pending, firing or recovering. */
export async function listAlertStates(db: Queryable): Promise<StoredAlertState[]> {
  const { rows } = await db.query<StoredAlertState>(
    `SELECT fingerprint, rule, labels, state, severity, value, threshold, facts, active_since, fired_at, clear_since,
            evaluated_at, reentries, alert_id, version
       FROM tds_alert_states ORDER BY fingerprint`,
  )
  return rows
}

/** Writes states that nobody else has written since they were read; returns the fingerprints of those that were written. */
export async function saveAlertStates(tx: Queryable, states: readonly NewAlertState[]): Promise<string[]> {
  if (states.length === 0) return []
  const { rows } = await tx.query<{ fingerprint: string }>(
    `INSERT INTO tds_alert_states AS standing (fingerprint, rule, labels, state, severity, value, threshold, facts,
            active_since, fired_at, clear_since, evaluated_at, reentries, alert_id, version)
     SELECT fingerprint, rule, labels, state, severity, value, threshold, facts, active_since, fired_at, clear_since,
            evaluated_at, reentries, alert_id, version + 1
       FROM jsonb_to_recordset($1::jsonb) AS new (fingerprint text, rule text, labels jsonb, state text,
            severity tds_alert_severity, value numeric, threshold numeric, facts jsonb, active_since timestamptz,
            fired_at timestamptz, clear_since timestamptz, evaluated_at timestamptz, reentries integer, alert_id uuid,
            version integer)
         ON CONFLICT (fingerprint) DO UPDATE
        SET state = excluded.state, severity = excluded.severity, value = excluded.value, threshold = excluded.threshold,
            facts = excluded.facts, active_since = excluded.active_since, fired_at = excluded.fired_at,
            clear_since = excluded.clear_since, evaluated_at = excluded.evaluated_at, reentries = excluded.reentries,
            alert_id = excluded.alert_id, version = excluded.version
      WHERE standing.version = excluded.version - 1
     RETURNING fingerprint`,
    [jsonRows(states, ({ labels, facts, ...plain }) => [plain, { labels, facts }])],
  )
  return rows.map(({ fingerprint }) => fingerprint)
}

/** Forgets what is well again. */
export async function dropAlertStates(tx: Queryable, fingerprints: readonly string[]): Promise<void> {
  if (fingerprints.length === 0) return
  await tx.query('DELETE FROM tds_alert_states WHERE fingerprint = ANY($1::text[])', [fingerprints])
}

import type { Queryable } from '../queryable.ts'
import type { ChangedRecord } from './quality-progress.ts'
import { isJudgeable } from './quality-waiting.ts'
import type { RecordTable } from './record-table.ts'

/**
 * How one rule judges one type, as SQL that the rule owns. Names in it come from entity definitions, never from input.
 *
 * `keys` selects `(organization_id, key)` of what is to be judged out of `changed (entity_type, organization_id, zoho_id,
 * gone)`: the records' Zoho ids, or values that records share. `violations` selects `(organization_id, entity_id, subject,
 * related_type, related_id, detail)` out of `judged (organization_id, key)`: what does not hold now. What was open for a
 * judged key and is not among the violations is over.
 */
export interface Judgement {
  readonly rule: string
  readonly entityType: string
  readonly table: RecordTable
  readonly keyedBy: 'record' | 'value'
  readonly keys: string
  readonly violations: string
}

/** What one judgement changed. */
export interface JudgedCounts {
  readonly judged: number
  readonly opened: number
  readonly still: number
  readonly resolved: number
}

/** Applies one rule to what changed: opens findings, counts the ones that still hold, closes the ones that do not. */
export async function judgeRecords(
  tx: Queryable,
  judgement: Judgement,
  changed: readonly ChangedRecord[],
): Promise<JudgedCounts> {
  const { rule, entityType } = judgement
  const { rows } = await tx.query<JudgedCounts>(
    `WITH changed AS MATERIALIZED (
       SELECT * FROM unnest($3::tds_entity_type[], $4::text[], $5::text[], $6::boolean[])
         AS c(entity_type, organization_id, zoho_id, gone)
     ), judged AS MATERIALIZED (${judgedKeys(judgement)}
     ), violation AS MATERIALIZED (
       SELECT v.organization_id, v.entity_id, ${bounded('v.subject')} AS subject, v.related_type,
              ${bounded('v.related_id')} AS related_id, v.detail
         FROM (${judgement.violations}) v
     ), seen AS (
       INSERT INTO tds_quality_findings AS f
              (organization_id, rule, entity_type, entity_id, subject, related_type, related_id, detail)
       SELECT DISTINCT ON (v.organization_id, v.entity_id, v.subject)
              v.organization_id, $1::text, $2::tds_entity_type, v.entity_id, v.subject, v.related_type, v.related_id, v.detail
         FROM violation v
        ORDER BY v.organization_id, v.entity_id, v.subject
           ON CONFLICT (rule, entity_type, organization_id, coalesce(entity_id, ''), subject) WHERE resolved_at IS NULL
           DO UPDATE SET last_seen_at = tds_now(), times_seen = f.times_seen + 1,
                         related_type = EXCLUDED.related_type, related_id = EXCLUDED.related_id, detail = EXCLUDED.detail
       RETURNING f.times_seen
     ), over AS (
       UPDATE tds_quality_findings f SET resolved_at = tds_now()
         FROM judged j
        WHERE f.rule = $1::text AND f.entity_type = $2::tds_entity_type AND f.resolved_at IS NULL AND f.organization_id = j.organization_id
          AND ${judgement.keyedBy === 'record' ? `coalesce(f.entity_id, '') = j.key` : `coalesce(f.entity_id, '') = '' AND f.subject = ${bounded('j.key')}`}
          AND NOT EXISTS (SELECT FROM violation v
                           WHERE v.organization_id = f.organization_id AND v.subject = f.subject
                             AND v.entity_id IS NOT DISTINCT FROM f.entity_id)
       RETURNING f.id
     )
     SELECT (SELECT count(*)::int FROM judged) AS judged,
            (SELECT count(*)::int FROM seen WHERE times_seen = 1) AS opened,
            (SELECT count(*)::int FROM seen WHERE times_seen > 1) AS still,
            (SELECT count(*)::int FROM over) AS resolved`,
    [rule, entityType, ...changedArrays(changed)],
  )
  const [row] = rows
  if (row === undefined) throw new RangeError('judge_records gave no row')
  return row
}

/** Records that are not known completely are left out, whoever asked for them: neither opened nor closed. */
function judgedKeys({ keyedBy, keys, table }: Judgement): string {
  if (keyedBy === 'value') return `SELECT DISTINCT w.organization_id, w.key FROM (${keys}) w`
  return `SELECT DISTINCT w.organization_id, w.key FROM (${keys}) w
            LEFT JOIN ${table.table} t ON t.organization_id = w.organization_id AND t.zoho_id = w.key
           WHERE t.zoho_id IS NULL OR ${isJudgeable}`
}

/** What stands in an index must fit in one; values of Zoho's may be as long as they like. */
function bounded(value: string): string {
  return `CASE WHEN octet_length(${value}) <= 300 THEN ${value} ELSE left(${value}, 60) || '…' || md5(${value}) END`
}

function changedArrays(changed: readonly ChangedRecord[]): [string[], string[], string[], boolean[]] {
  return [
    changed.map((record) => record.entity_type),
    changed.map((record) => record.organization_id),
    changed.map((record) => record.zoho_id),
    changed.map((record) => record.gone),
  ]
}

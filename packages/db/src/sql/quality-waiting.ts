import type { Queryable } from '../queryable.ts'
import { keyArrays, type RecordKey, type RecordTable } from './record-table.ts'

/**
 * True of a row `t` that may be judged: it is known completely, or it is a tombstone. A partial body may bring a new total
 * before its lines, and what disagrees in between is no finding.
 */
export const isJudgeable = `(t.deleted_at IS NOT NULL OR (t.completed_version IS NOT NULL
  AND (t.source_modified_at IS NULL OR t.completed_version = t.source_modified_at)))`

/** Lets changed records that are not known completely wait until they are. */
export async function awaitCompletion(
  tx: Queryable,
  o: { readonly entityType: string; readonly table: RecordTable },
  keys: readonly RecordKey[],
): Promise<void> {
  await tx.query(
    `INSERT INTO tds_quality_waiting (entity_type, organization_id, zoho_id)
     SELECT $3, t.organization_id, t.zoho_id
       FROM unnest($1::text[], $2::text[]) AS k(organization_id, zoho_id)
       JOIN ${o.table.table} t ON t.organization_id = k.organization_id AND t.zoho_id = k.zoho_id
      WHERE NOT ${isJudgeable}
         ON CONFLICT DO NOTHING`,
    [...keyArrays(keys), o.entityType],
  )
}

/** Takes the records of the type that waited and can be judged now, or are there no more. */
export async function takeCompleted(
  tx: Queryable,
  o: { readonly entityType: string; readonly table: RecordTable; readonly limit: number },
): Promise<RecordKey[]> {
  const { rows } = await tx.query<RecordKey>(
    `DELETE FROM tds_quality_waiting w
      WHERE w.entity_type = $1
        AND (w.organization_id, w.zoho_id) IN (
          SELECT v.organization_id, v.zoho_id
            FROM tds_quality_waiting v
            LEFT JOIN ${o.table.table} t ON t.organization_id = v.organization_id AND t.zoho_id = v.zoho_id
           WHERE v.entity_type = $1 AND (t.zoho_id IS NULL OR ${isJudgeable})
           LIMIT $2)
     RETURNING w.organization_id AS "organizationId", w.zoho_id AS "zohoId"`,
    [o.entityType, o.limit],
  )
  return rows
}

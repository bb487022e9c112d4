import type { Queryable } from '../queryable.ts'

/** A field that came otherwise than the definitions say, with the times it did since the last write. */
export interface DriftSighting {
  readonly entity_type: string
  readonly shape: string
  readonly path: string
  readonly kind: string
  readonly json_type: string
  readonly times: number
  readonly sample: string | null
}

/** Unacknowledged fields of one type and kind. */
export interface DriftCount {
  readonly entity_type: string
  readonly kind: string
  readonly fields: number
}

/** Rows that one type of record may have; a sender of made-up keys must not fill the table. */
const fieldsPerType = 500

/**
 * Counts sightings on the rows that stand for them, with the first sample kept. What would be beyond the limit of its type is
 * added to the type's overflow row instead. Rows are written in key order, so that two workers never wait in a circle.
 */
export async function recordSchemaDrift(db: Queryable, sightings: readonly DriftSighting[]): Promise<void> {
  if (sightings.length === 0) return
  await db.query(
    `WITH incoming AS (
       SELECT i.* FROM json_to_recordset($1::json)
         AS i(entity_type tds_entity_type, shape text, path text, kind text, json_type text, times bigint, sample text)
     ), held AS (
       SELECT d.entity_type, count(*) AS fields FROM tds_schema_drift d WHERE d.kind <> 'overflow' GROUP BY d.entity_type
     ), placed AS (
       SELECT i.*, i.kind = 'overflow' OR NOT (d.path IS NOT NULL OR coalesce(h.fields, 0) + row_number() OVER (
                PARTITION BY i.entity_type, d.path IS NULL, i.kind = 'overflow' ORDER BY i.path, i.kind) <= $2) AS beyond
         FROM incoming i
         LEFT JOIN tds_schema_drift d
           ON d.entity_type = i.entity_type AND d.shape = i.shape AND d.path = i.path AND d.kind = i.kind
          AND d.json_type = i.json_type
         LEFT JOIN held h ON h.entity_type = i.entity_type
     ), row_of AS (
       SELECT entity_type, shape, path, kind, json_type, times, sample FROM placed WHERE NOT beyond
        UNION ALL
       SELECT entity_type, shape, '…', 'overflow', 'absent', sum(times), NULL FROM placed WHERE beyond
        GROUP BY entity_type, shape
     )
     INSERT INTO tds_schema_drift AS d (entity_type, shape, path, kind, json_type, times_seen, sample)
     SELECT * FROM row_of ORDER BY entity_type, shape, path, kind, json_type
         ON CONFLICT (entity_type, shape, path, kind, json_type)
         DO UPDATE SET last_seen_at = tds_now(), times_seen = d.times_seen + EXCLUDED.times_seen,
                       sample = coalesce(d.sample, EXCLUDED.sample)`,
    [JSON.stringify(sightings), fieldsPerType],
  )
}

/** Counts the fields that nobody has acknowledged. */
export async function openSchemaDrift(db: Queryable): Promise<DriftCount[]> {
  const { rows } = await db.query<DriftCount>(
    `SELECT entity_type, kind, count(*)::int AS fields FROM tds_schema_drift
      WHERE acknowledged_at IS NULL GROUP BY entity_type, kind ORDER BY entity_type, kind`,
  )
  return rows
}

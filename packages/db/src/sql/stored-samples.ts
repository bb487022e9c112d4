import type { Queryable } from '../queryable.ts'

/** A number of the past; its value as JSON text. */
export interface StoredSample {
  readonly entity_type: string | null
  readonly value: string
  readonly recorded_at: string
}

/** Reads what was measured under a name in the last so many minutes, oldest first. */
export async function storedSamples(
  db: Queryable,
  o: { readonly metric: string; readonly minutes: number },
): Promise<StoredSample[]> {
  const { rows } = await db.query<StoredSample>(
    `SELECT entity_type, value, recorded_at FROM tds_metrics
      WHERE metric_name = $1 AND recorded_at > tds_now() - make_interval(mins => $2)
      ORDER BY recorded_at, entity_type`,
    [o.metric, o.minutes],
    { name: 'stored_samples' },
  )
  return rows
}

/** Writes down a number of now, about the whole system. */
export async function recordSample(
  db: Queryable,
  o: { readonly metric: string; readonly value: number; readonly unit: string },
): Promise<void> {
  await db.query(
    `INSERT INTO tds_metrics (metric_name, metric_type, value, unit) VALUES ($1, 'gauge', to_jsonb($2::numeric), $3)`,
    [o.metric, o.value, o.unit],
    { name: 'record_sample' },
  )
}

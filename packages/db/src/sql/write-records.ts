import type { Queryable } from '../queryable.ts'
import { jsonRows, splitJson } from './json-rows.ts'
import type { RecordTable } from './record-table.ts'

/** One record to write: typed columns as text under their names, and what every mirror row has. */
export interface RecordWrite {
  readonly organization_id: string
  readonly zoho_id: string
  readonly columns: Readonly<Record<string, string | null>>
  readonly custom_fields: string
  /** JSON text of the record; null where an event holds it or nothing new came. */
  readonly raw: string | null
  /** The inbox event whose payload is the record, or has it under `raw_key`: it need not travel once more. */
  readonly raw_event_id: string | null
  readonly raw_key: string | null
  /** `merge` lays the keys of `raw` over the stored ones; `replace` is for a detail answer, which has them all. */
  readonly raw_mode: 'merge' | 'replace'
  readonly content_hash: string
  readonly source_created_at: string | null
  readonly source_modified_at: string | null
  readonly completed_version: string | null
  readonly source_read_at: string | null
  readonly deleted_at: string | null
  readonly last_event_id: string | null
  /** Applied changes after this write. */
  readonly version: number
  /** Applied changes that the row must have for the write to count; 0 means that there must be no row. */
  readonly expected_version: number
  /** A correction may take the version back; nothing else may. */
  readonly may_go_back: boolean
}

/**
 * Inserts records that were not there. Returns how many were written: fewer than given means
 * that somebody else wrote one of them first, and the caller's transaction must not commit.
 */
export async function insertRecords(
  tx: Queryable,
  table: RecordTable,
  writes: readonly RecordWrite[],
): Promise<number> {
  const names = table.columns.map((column) => column.name)
  const { rowCount } = await tx.query(
    `INSERT INTO ${table.table} (organization_id, zoho_id, ${names.join(', ')}, custom_fields, raw, content_hash,
            source_created_at, source_modified_at, completed_version, source_read_at, deleted_at, last_event_id, version)
     SELECT x.organization_id, x.zoho_id, ${names.map((name) => `x.${name}`).join(', ')},
            x.custom_fields, coalesce(${newRaw}, '{}'), x.content_hash,
            x.source_created_at, x.source_modified_at, x.completed_version, x.source_read_at, x.deleted_at,
            x.last_event_id, x.version
       FROM json_to_recordset($1::json) AS x(${recordset(table)})
         ON CONFLICT (organization_id, zoho_id) DO NOTHING`,
    [rowsJson(table, writes)],
    { name: `insert_records:${table.table}` },
  )
  return rowCount
}

/**
 * Updates records. The guard stands in the statement: the row must have the count of changes that the decision saw,
 * and its version must not go back. Returns how many were written; fewer than given means a lost race.
 */
export async function updateRecords(
  tx: Queryable,
  table: RecordTable,
  writes: readonly RecordWrite[],
): Promise<number> {
  const assignments = table.columns.map((column) => `${column.name} = x.${column.name}`)
  const { rowCount } = await tx.query(
    `UPDATE ${table.table} t
        SET ${assignments.join(', ')},
            custom_fields = x.custom_fields,
            raw = CASE WHEN x.raw IS NULL AND x.raw_event_id IS NULL THEN t.raw
                       WHEN x.raw_mode = 'replace' THEN ${newRaw}
                       ELSE coalesce(t.raw, '{}') || ${newRaw} END,
            content_hash = x.content_hash, source_created_at = x.source_created_at,
            source_modified_at = x.source_modified_at, completed_version = x.completed_version,
            source_read_at = x.source_read_at, deleted_at = x.deleted_at,
            last_event_id = coalesce(x.last_event_id, t.last_event_id), version = x.version
       FROM json_to_recordset($1::json) AS x(${recordset(table)})
      WHERE t.organization_id = x.organization_id AND t.zoho_id = x.zoho_id
        AND t.version = x.expected_version
        AND (x.may_go_back OR t.source_modified_at IS NULL OR x.source_modified_at >= t.source_modified_at)`,
    [rowsJson(table, writes)],
    { name: `update_records:${table.table}` },
  )
  return rowCount
}

function recordset(table: RecordTable): string {
  const typed = table.columns.map((column) => `${column.name} ${column.type}`)
  return `organization_id text, zoho_id text, ${typed.join(', ')}, custom_fields jsonb, raw jsonb, raw_mode text,
          raw_event_id uuid, raw_key text,
          content_hash text, source_created_at timestamptz, source_modified_at timestamptz,
          completed_version timestamptz, source_read_at timestamptz, deleted_at timestamptz,
          last_event_id uuid, version integer, expected_version integer, may_go_back boolean`
}

const newRaw = `coalesce(x.raw, (SELECT CASE WHEN x.raw_key IS NULL THEN e.payload ELSE e.payload -> x.raw_key END
                                FROM tds_inbox_events e WHERE e.id = x.raw_event_id))`

/** Lays the JSON texts in as they are: as strings they would be escaped here and unescaped there. */
function rowsJson(table: RecordTable, writes: readonly RecordWrite[]): string {
  return jsonRows(writes, ({ columns, custom_fields, raw, ...row }) => {
    const [plain, json] = splitJson(table.columns, columns)
    return [
      { ...plain, ...row },
      { ...json, custom_fields, raw },
    ]
  })
}

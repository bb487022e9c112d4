import type { Queryable } from '../queryable.ts'
import { jsonRows, splitJson } from './json-rows.ts'
import { keyArrays, type ChildTable, type RecordKey } from './record-table.ts'

/** One child row to write: the parent's key and the typed columns as text. */
export interface ChildRowWrite {
  readonly parent: RecordKey
  readonly columns: Readonly<Record<string, string | null>>
}

/** Gives the parents exactly these child rows. The caller holds the parents and passes only those whose rows differ. */
export async function replaceChildRows(
  tx: Queryable,
  child: ChildTable,
  o: { readonly parents: readonly RecordKey[]; readonly rows: readonly ChildRowWrite[] },
): Promise<void> {
  await tx.query(
    `DELETE FROM ${child.table} c USING unnest($1::text[], $2::text[]) AS k(organization_id, zoho_id)
      WHERE c.organization_id = k.organization_id AND c.${child.parentColumn} = k.zoho_id`,
    keyArrays(o.parents),
    { name: `delete_child_rows:${child.table}` },
  )
  if (o.rows.length === 0) return
  const names = child.columns.map((column) => column.name)
  await tx.query(
    `INSERT INTO ${child.table} (organization_id, ${child.parentColumn}, ${names.join(', ')})
     SELECT x.organization_id, x.parent_zoho_id, ${names.map((name) => `x.${name}`).join(', ')}
       FROM json_to_recordset($1::json)
         AS x(organization_id text, parent_zoho_id text, ${child.columns.map((c) => `${c.name} ${c.type}`).join(', ')})`,
    [
      jsonRows(o.rows, ({ parent, columns }) => {
        const [plain, json] = splitJson(child.columns, columns)
        return [{ ...plain, organization_id: parent.organizationId, parent_zoho_id: parent.zohoId }, json]
      }),
    ],
    { name: `insert_child_rows:${child.table}` },
  )
}

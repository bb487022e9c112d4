import type { MirrorColumn, MirrorColumnType, RecordTable } from '@tds/db'
import type { ColumnDefinition, ColumnKind, EntityDefinition } from '../entities/define-entity.ts'

/** The mirror table of an entity as the generic statements take it; made once per definition. */
export function recordTableOf(entity: EntityDefinition): RecordTable {
  const known = tables.get(entity)
  if (known !== undefined) return known
  const table: RecordTable = {
    table: entity.table,
    columns: entity.columns.map(mirrorColumn),
    children: entity.children.map((child) => ({
      table: child.table,
      parentColumn: child.parentColumn,
      columns: child.columns.map(mirrorColumn),
    })),
  }
  tables.set(entity, table)
  return table
}

const tables = new WeakMap<EntityDefinition, RecordTable>()

/** The SQL type that holds each kind. */
export const columnTypes: Record<ColumnKind, MirrorColumnType> = {
  text: 'text',
  id: 'text',
  discount: 'text',
  decimal: 'numeric',
  integer: 'integer',
  date: 'date',
  boolean: 'boolean',
  json: 'jsonb',
  address: 'jsonb',
}

function mirrorColumn(column: ColumnDefinition): MirrorColumn {
  return { name: column.name, type: columnTypes[column.kind] }
}

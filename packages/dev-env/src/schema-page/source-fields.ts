import { entities, type EntityDefinition } from '@tds/core'

/** The keys of Zoho's record that one column may be read from, by the definitions of the types; none where it is ours. */
export function sourceFieldsOf(table: string, column: string): readonly string[] {
  return fieldsByTable().get(table)?.get(column) ?? []
}

/** The tables that mirror Zoho, each type's own before those of its lines, in the order of the registry. */
export function mirrorTables(): string[] {
  return entities.flatMap((entity) => [entity.table, ...entity.children.map((child) => child.table)])
}

type Fields = Map<string, readonly string[]>

function fieldsByTable(): Map<string, Fields> {
  return new Map(entities.flatMap((entity) => [recordFields(entity), ...childFields(entity)]))
}

function recordFields({ table, source, columns }: EntityDefinition): [string, Fields] {
  const fields = new Map(columns.map((column) => [column.name, column.keys]))
  return [table, fields.set('zoho_id', [source.id])]
}

function childFields({ source, children }: EntityDefinition): [string, Fields][] {
  return children.map((child) => {
    const fields = new Map<string, readonly string[]>(
      child.columns.map((column) => [
        column.name,
        child.keys.flatMap((list) => column.keys.map((key) => `${list}[].${key}`)),
      ]),
    )
    return [child.table, fields.set(child.parentColumn, [source.id])]
  })
}

import type { Queryable } from '@tds/db'

/** What the database says about itself, as far as it is ours; all in a fixed order. */
export interface Catalog {
  readonly tables: readonly CatalogTable[]
  readonly views: readonly Described[]
  readonly functions: readonly CatalogFunction[]
  readonly enums: readonly CatalogEnum[]
}

/** Something with a name and a comment. */
export interface Described {
  readonly name: string
  readonly comment: string
}

/** A table with its columns and indexes. */
export interface CatalogTable extends Described {
  readonly columns: readonly CatalogColumn[]
  readonly indexes: readonly CatalogIndex[]
}

/** A column with its type as SQL writes it. */
export interface CatalogColumn extends Described {
  readonly table: string
  readonly type: string
  readonly required: boolean
}

/** An index with what it is over: columns, expressions, condition. */
export interface CatalogIndex extends Described {
  readonly table: string
  readonly unique: boolean
  readonly over: string
}

/** A function with what it takes and gives. */
export interface CatalogFunction extends Described {
  readonly takes: string
  readonly gives: string
}

/** An enum with its words in order. */
export interface CatalogEnum extends Described {
  readonly words: readonly string[]
}

/** Reads the catalogue of a migrated database. */
export async function readCatalog(db: Queryable): Promise<Catalog> {
  const { rows: tables } = await db.query<Described>(classesOf('r'))
  const { rows: views } = await db.query<Described>(classesOf('v'))
  const { rows: columns } = await db.query<CatalogColumn>(columnsOfTables)
  const { rows: indexes } = await db.query<CatalogIndex>(indexesOfTables)
  const { rows: functions } = await db.query<CatalogFunction>(functionsOfOurs)
  const { rows: enums } = await db.query<CatalogEnum>(enumsOfOurs)
  return {
    tables: tables.map((table) => ({
      ...table,
      columns: columns.filter((column) => column.table === table.name),
      indexes: indexes.filter((index) => index.table === table.name),
    })),
    views,
    functions,
    enums,
  }
}

function classesOf(kind: 'r' | 'v'): string {
  return `SELECT class.relname::text AS name, coalesce(obj_description(class.oid, 'pg_class'), '') AS comment
            FROM pg_class AS class
           WHERE class.relnamespace = 'public'::regnamespace AND class.relkind = '${kind}'
             AND class.relname LIKE 'tds\\_%'
           ORDER BY class.relname::text COLLATE "C"`
}

const columnsOfTables = `
  SELECT class.relname::text AS table, attribute.attname::text AS name,
         format_type(attribute.atttypid, attribute.atttypmod) AS type, attribute.attnotnull AS required,
         coalesce(col_description(class.oid, attribute.attnum), '') AS comment
    FROM pg_class AS class
    JOIN pg_attribute AS attribute ON attribute.attrelid = class.oid
   WHERE class.relnamespace = 'public'::regnamespace AND class.relkind = 'r' AND class.relname LIKE 'tds\\_%'
     AND attribute.attnum > 0 AND NOT attribute.attisdropped
   ORDER BY class.relname, attribute.attnum`

const indexesOfTables = `
  SELECT owner.relname::text AS table, class.relname::text AS name, index.indisunique AS unique,
         regexp_replace(pg_get_indexdef(class.oid), '^.* USING [a-z]+ ', '') AS over,
         coalesce(obj_description(class.oid, 'pg_class'), '') AS comment
    FROM pg_index AS index
    JOIN pg_class AS class ON class.oid = index.indexrelid
    JOIN pg_class AS owner ON owner.oid = index.indrelid
   WHERE class.relnamespace = 'public'::regnamespace AND owner.relname LIKE 'tds\\_%'
   ORDER BY owner.relname, NOT index.indisprimary, class.relname::text COLLATE "C"`

const functionsOfOurs = `
  SELECT proc.proname::text AS name, pg_get_function_arguments(proc.oid) AS takes,
         pg_get_function_result(proc.oid) AS gives, coalesce(obj_description(proc.oid, 'pg_proc'), '') AS comment
    FROM pg_proc AS proc
   WHERE proc.pronamespace = 'public'::regnamespace AND proc.proname LIKE 'tds\\_%'
   ORDER BY proc.proname::text COLLATE "C", pg_get_function_arguments(proc.oid)`

const enumsOfOurs = `
  SELECT type.typname::text AS name, coalesce(obj_description(type.oid, 'pg_type'), '') AS comment,
         array_agg(label.enumlabel::text ORDER BY label.enumsortorder) AS words
    FROM pg_type AS type
    JOIN pg_enum AS label ON label.enumtypid = type.oid
   WHERE type.typnamespace = 'public'::regnamespace
   GROUP BY type.oid, type.typname
   ORDER BY type.typname::text COLLATE "C"`

import { readFile } from 'node:fs/promises'

import type { Queryable } from './queryable.ts'
import { createTestDatabase, type TestDatabase } from './testing/index.ts'
import { readPrismaSchema, type SchemaFacts } from './testing/read-prisma-schema.ts'

describe('prisma/schema.prisma', () => {
  let database: TestDatabase
  let written: SchemaFacts
  let migrated: SchemaFacts

  beforeAll(async () => {
    database = await createTestDatabase({ poolSize: 1 })
    written = readPrismaSchema(
      await readFile(new URL('../../../prisma/schema.prisma', import.meta.url), 'utf8'),
    )
    migrated = await readDatabase(database.db)
  })

  afterAll(async () => {
    await database.drop()
  })

  it('has the enums of the migrated database, label by label', () => {
    expect(written.enums).toEqual(migrated.enums)
  })

  it('has the tables of the migrated database, column by column: type, nullability, default', () => {
    expect(written.columns).toEqual(migrated.columns)
  })

  it('has the keys of the migrated database', () => {
    expect(written.keys).toEqual(migrated.keys)
  })

  it('has the indexes of the migrated database, as far as it can say them', () => {
    expect(written.indexes).toEqual(migrated.indexes)
  })

  it('is compared with something: a column that differs shows', async () => {
    await database.db.query('ALTER TABLE tds_products ALTER COLUMN rate TYPE double precision')
    await database.db.query('ALTER TABLE tds_products ADD COLUMN surplus text')
    const { columns } = await readDatabase(database.db)
    expect(Object.keys(columns['tds_products'] ?? {})).toContain('surplus')
    expect(columns['tds_products']?.['rate']).not.toBe(written.columns['tds_products']?.['rate'])
  })
})

describe('the migrations', () => {
  let database: TestDatabase

  beforeAll(async () => {
    database = await createTestDatabase({ poolSize: 1 })
  })

  afterAll(async () => {
    await database.drop()
  })

  it('say of every table, column, index, type, view and function of ours what it is for', async () => {
    const { rows } = await database.db.query<{ unexplained: string }>(UNEXPLAINED)
    expect(rows.map((row) => row.unexplained)).toEqual([])
  })

  it('keep every id, key and hash in the order of its bytes', async () => {
    const { rows } = await database.db.query<{ column: string }>(
      `SELECT format('%s.%s', class.relname, attribute.attname) AS column
         FROM pg_attribute AS attribute
         JOIN pg_class AS class ON class.oid = attribute.attrelid
         JOIN pg_collation AS sorting ON sorting.oid = attribute.attcollation
        WHERE class.relname LIKE 'tds\\_%' AND class.relkind = 'r'
          AND attribute.attname ~ '(_id|_key|_hash|^fingerprint)$'
          AND sorting.collname <> 'C'`,
    )
    expect(rows).toEqual([])
  })
})

const UNEXPLAINED = `
  SELECT format('%s %s', class.relkind, class.relname) AS unexplained
    FROM pg_class AS class
   WHERE class.relnamespace = 'public'::regnamespace
     AND class.relname LIKE 'tds\\_%' AND class.relkind IN ('r', 'i', 'v')
     AND obj_description(class.oid, 'pg_class') IS NULL
  UNION ALL
  SELECT format('column %s.%s', class.relname, attribute.attname)
    FROM pg_attribute AS attribute
    JOIN pg_class AS class ON class.oid = attribute.attrelid
   WHERE class.relnamespace = 'public'::regnamespace
     AND class.relname LIKE 'tds\\_%' AND class.relkind = 'r'
     AND attribute.attnum > 0 AND NOT attribute.attisdropped
     AND col_description(class.oid, attribute.attnum) IS NULL
  UNION ALL
  SELECT format('function %s', proc.proname)
    FROM pg_proc AS proc
   WHERE proc.pronamespace = 'public'::regnamespace AND proc.proname LIKE 'tds\\_%'
     AND obj_description(proc.oid, 'pg_proc') IS NULL
  UNION ALL
  SELECT format('type %s', type.typname)
    FROM pg_type AS type
   WHERE type.typnamespace = 'public'::regnamespace AND type.typtype = 'e'
     AND obj_description(type.oid, 'pg_type') IS NULL`

async function readDatabase(db: Queryable): Promise<SchemaFacts> {
  return {
    enums: await readEnums(db),
    columns: await readColumns(db),
    keys: await readKeys(db),
    indexes: await readIndexes(db),
  }
}

async function readEnums(db: Queryable): Promise<SchemaFacts['enums']> {
  const { rows } = await db.query<{ name: string; labels: string[] }>(
    `SELECT type.typname AS name, array_agg(label.enumlabel::text ORDER BY label.enumsortorder) AS labels
       FROM pg_type AS type
       JOIN pg_enum AS label ON label.enumtypid = type.oid
      WHERE type.typnamespace = 'public'::regnamespace
      GROUP BY type.typname`,
  )
  return Object.fromEntries(rows.map(({ name, labels }) => [name, labels]))
}

async function readColumns(db: Queryable): Promise<SchemaFacts['columns']> {
  const { rows } = await db.query<{ table: string; columns: string }>(
    `SELECT class.relname AS table,
            jsonb_object_agg(
              attribute.attname,
              concat(
                CASE WHEN type.typelem <> 0 AND type.typlen = -1 THEN format('%s[]', element.typname) ELSE type.typname END,
                CASE WHEN attribute.attnotnull THEN ' not null' END,
                CASE WHEN attribute.attidentity <> '' THEN ' identity' END,
                ' default ' || regexp_replace(
                  pg_get_expr(fallback.adbin, fallback.adrelid), '^''(.*)''::[a-z_]+(\\[\\])?$', '\\1'
                )
              )
            )::text AS columns
       FROM pg_class AS class
       JOIN pg_attribute AS attribute ON attribute.attrelid = class.oid AND attribute.attnum > 0
       JOIN pg_type AS type ON type.oid = attribute.atttypid
       LEFT JOIN pg_type AS element ON element.oid = type.typelem
       LEFT JOIN pg_attrdef AS fallback ON fallback.adrelid = class.oid AND fallback.adnum = attribute.attnum
      WHERE class.relnamespace = 'public'::regnamespace AND class.relkind IN ('r', 'p')
        AND class.relname <> '_prisma_migrations' AND NOT attribute.attisdropped
      GROUP BY class.relname`,
  )
  return Object.fromEntries(
    rows.map(({ table, columns }) => [table, JSON.parse(columns) as Record<string, string>]),
  )
}

async function readKeys(db: Queryable): Promise<SchemaFacts['keys']> {
  const { rows } = await db.query<{ table: string; columns: string[] }>(
    `SELECT class.relname AS table, ${columnsOf('index')} AS columns
       FROM pg_index AS index
       JOIN pg_class AS class ON class.oid = index.indrelid
      WHERE index.indisprimary AND class.relnamespace = 'public'::regnamespace
        AND class.relname <> '_prisma_migrations'`,
  )
  return Object.fromEntries(rows.map(({ table, columns }) => [table, columns]))
}

async function readIndexes(db: Queryable): Promise<SchemaFacts['indexes']> {
  const { rows } = await db.query<{ name: string; table: string; unique: boolean; columns: string[] }>(
    `SELECT index.indexrelid::regclass::text AS name, class.relname AS table,
            index.indisunique AS unique, ${columnsOf('index')} AS columns
       FROM pg_index AS index
       JOIN pg_class AS class ON class.oid = index.indrelid
      WHERE class.relnamespace = 'public'::regnamespace AND class.relname <> '_prisma_migrations'
        AND NOT index.indisprimary AND index.indpred IS NULL AND index.indexprs IS NULL`,
  )
  return Object.fromEntries(
    rows.map(({ name, table, unique, columns }) => [
      name,
      `${unique ? 'unique ' : ''}${table} (${columns.join(', ')})`,
    ]),
  )
}

function columnsOf(index: string): string {
  return `ARRAY(
    SELECT attribute.attname::text
      FROM unnest(${index}.indkey::int2[]) WITH ORDINALITY AS key (number, place)
      JOIN pg_attribute AS attribute
        ON attribute.attrelid = ${index}.indrelid AND attribute.attnum = key.number
     ORDER BY key.place)`
}

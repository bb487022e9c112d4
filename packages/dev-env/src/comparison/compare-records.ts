import type { Queryable } from '@tds/db'

import {
  comparable,
  isJsonRecord,
  type JsonRecord,
  type JsonText,
  NumberText,
  plainDecimal,
  readJsonText,
} from './exact-text.ts'
import {
  type ChildExpectation,
  type ColumnExpectations,
  type Expectation,
  expectations,
  type Kind,
  place,
  type Source,
} from './expectations.ts'

/** All records of one type as the source holds them. */
export interface SourceRecords {
  readonly type: string
  /** The details of the records that exist, numbers as sent. */
  readonly living: readonly JsonRecord[]
}

/** One thing that is not as it should be, in words. */
export interface Difference {
  readonly zohoId: string
  readonly says: string
}

/** What comparing one type came to. */
export interface Verdict {
  readonly type: string
  /** Records that exist on either side. */
  readonly compared: number
  readonly equal: number
  readonly differences: readonly Difference[]
}

/** A row with every value as text. */
type Row = Readonly<Record<string, string | number | boolean | null>>

/**
 * Compares every record of one type with its row, its lines and its custom fields, value by value.
 * Knows nothing of how the product maps them. Throws RangeError for a type without expectations.
 */
export async function compareRecords(
  db: Queryable,
  o: { readonly organizationId: string; readonly source: SourceRecords },
): Promise<Verdict> {
  const { organizationId, source } = o
  const expected = expectations[source.type]
  if (expected === undefined)
    throw new RangeError(`nothing is written down about how to compare ${source.type}`)
  const mirror = await readMirror(db, { organizationId, expected })
  const rows = new Map(mirror.rows.map((row) => [String(row['zoho_id']), row]))
  const differences = source.living.flatMap((record) => {
    const zohoId = textOf(record[expected.id])
    const row = rows.get(zohoId)
    rows.delete(zohoId)
    return differencesOf({ record, zohoId, row, expected, children: mirror.children })
  })
  const unknown = [...rows.values()]
    .filter((row) => row['deleted_at'] === null)
    .map((row) => ({
      zohoId: String(row['zoho_id']),
      says: 'is in the database, but Zoho has no such record',
    }))
  const all = [...differences, ...unknown]
  const compared = source.living.length + rows.size
  return {
    type: source.type,
    compared,
    equal: compared - new Set(all.map((one) => one.zohoId)).size,
    differences: all,
  }
}

interface Mirror {
  readonly rows: readonly Row[]
  /** Table → parent id → rows. */
  readonly children: ReadonlyMap<string, ReadonlyMap<string, readonly Row[]>>
}

async function readMirror(
  db: Queryable,
  { organizationId, expected }: { organizationId: string; expected: Expectation },
): Promise<Mirror> {
  const { rows } = await db.query<Row>(
    `SELECT *, ${instant('source_created_at')} AS created_instant, ${instant('source_modified_at')} AS modified_instant,
            ${instant('completed_version')} AS completed_instant
       FROM ${expected.table} WHERE organization_id = $1`,
    [organizationId],
  )
  const children = new Map<string, Map<string, Row[]>>()
  for (const child of expected.children) {
    const found = await db.query<Row>(`SELECT * FROM ${child.table} WHERE organization_id = $1`, [
      organizationId,
    ])
    children.set(
      child.table,
      Map.groupBy(found.rows, (row) => String(row[child.parentColumn])),
    )
  }
  return { rows, children }
}

function instant(column: string): string {
  return `to_char(${column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`
}

interface Pair {
  readonly record: JsonRecord
  readonly zohoId: string
  readonly row: Row | undefined
  readonly expected: Expectation
  readonly children: Mirror['children']
}

function differencesOf({ record, zohoId, row, expected, children }: Pair): Difference[] {
  const title = textOf(record[expected.title])
  const named = (says: string): Difference => ({ zohoId, says: title === '' ? says : `(${title}) ${says}` })
  if (row === undefined) return [named('is missing in the database')]
  if (row['deleted_at'] !== null) return [named('is a tombstone in the database, but Zoho still has it')]
  return [
    ...columnDifferences(expected.columns, { record, row }),
    ...timeDifferences({ record, row, expected }),
    ...customFieldDifferences(record, row),
    ...expected.children.flatMap((child) =>
      childDifferences(child, { record, rows: children.get(child.table)?.get(zohoId) ?? [] }),
    ),
  ].map(named)
}

function columnDifferences(
  columns: ColumnExpectations,
  { record, row, prefix = '' }: { record: JsonRecord; row: Row; prefix?: string },
): string[] {
  return Object.entries(columns).flatMap(([column, [from, kind]]) => {
    const wanted = written(found(record, from), kind)
    const held = row[column] ?? null
    // A blank is stored as NULL and nothing else.
    const isSame = held === null ? wanted === null : held !== '' && wanted === heldText(held, kind)
    return isSame ? [] : [`${prefix}${column} is ${shown(held)}, Zoho has ${shown(wanted)}`]
  })
}

function found(record: JsonRecord, from: Source): JsonText | undefined {
  return typeof from === 'string' ? record[from] : from(record)
}

/** The text that a value comes down to, or null for a blank. */
function written(value: JsonText | undefined, kind: Kind): string | null {
  if (value === undefined || value === null || value === '') return null
  if (kind === 'json') return comparable(value)
  const text = textOf(value)
  if (kind === 'text') return text
  const [, number = text, percent = ''] = /^(.*?)\s*(%?)$/.exec(text.trim()) ?? []
  const plain = plainDecimal(number)
  return plain === null || (percent !== '' && kind !== 'discount')
    ? `${text} (not a number)`
    : plain + percent
}

/** The same of what a column holds; JSON comes from Postgres as its text. */
function heldText(held: string | number | boolean, kind: Kind): string | null {
  return kind === 'json' ? comparable(readJsonText(String(held))) : written(String(held), kind)
}

function timeDifferences({
  record,
  row,
  expected,
}: Pick<Pair, 'record' | 'expected'> & { row: Row }): string[] {
  const created = unlike('source_created_at', row['created_instant'], instantOf(record['created_time']))
  const completed = row['completed_instant']
  if (!expected.showsVersion) {
    // A version can only have come from elsewhere; then the row must be known completely at it, and else at all.
    const version = row['modified_instant'] ?? completed ?? 'a time'
    return [...created, ...unlike('completed_version', completed, String(version))]
  }
  const modified = instantOf(record['last_modified_time'])
  return [
    ...created,
    ...unlike('source_modified_at', row['modified_instant'], modified),
    ...unlike('completed_version', completed, modified),
  ]
}

function unlike(column: string, held: Row[string] | undefined, wanted: string | null): string[] {
  return (held ?? null) === wanted ? [] : [`${column} is ${shown(held ?? null)}, Zoho has ${shown(wanted)}`]
}

/** Zoho writes the offset without a colon; an instant is the same whatever the offset. */
function instantOf(value: JsonText | undefined): string | null {
  if (typeof value !== 'string' || value === '') return null
  const ms = Date.parse(value.replace(/([+-]\d\d)(\d\d)$/, '$1:$2'))
  return Number.isNaN(ms) ? `${value} (not a time)` : new Date(ms).toISOString().replace('Z', '000Z')
}

function customFieldDifferences(record: JsonRecord, row: Row): string[] {
  const held = readJsonText(String(row['custom_fields'] ?? '{}'))
  const stored = isJsonRecord(held) ? held : {}
  const list = record['custom_fields']
  const wanted = new Map<string, JsonText>(
    (Array.isArray(list) ? list : []).filter(isJsonRecord).map((field) => {
      const value = field['value']
      return [textOf(field['api_name']), value === undefined || value === '' ? null : value]
    }),
  )
  const names = [...new Set([...wanted.keys(), ...Object.keys(stored)])]
  return names.flatMap((name) => {
    const [want, have] = [wanted.get(name), stored[name]].map((value) =>
      value === undefined ? 'absent' : comparable(value),
    )
    return want === have ? [] : [`custom field ${name} is ${String(have)}, Zoho has ${String(want)}`]
  })
}

function childDifferences(
  child: ChildExpectation,
  o: { record: JsonRecord; rows: readonly Row[] },
): string[] {
  const held = new Map(o.rows.map((row) => [rowKey(child, row), row]))
  const differences: string[] = []
  for (const entry of entriesOf(child, o.record)) {
    const key = entryKey(child, entry)
    const row = held.get(key)
    held.delete(key)
    const prefix = `${child.list} ${key}: `
    if (row === undefined) differences.push(`${prefix}missing in the database`)
    else differences.push(...columnDifferences(child.columns, { record: entry, row, prefix }))
  }
  for (const key of held.keys()) differences.push(`${child.list} ${key}: in the database, but not in Zoho`)
  return differences
}

/** What Zoho's list stands for, row by row; each knows its place among them. */
function entriesOf({ list, unfold }: ChildExpectation, record: JsonRecord): JsonRecord[] {
  const listed = record[list]
  return (Array.isArray(listed) ? listed : [])
    .filter(isJsonRecord)
    .flatMap((entry) => unfold?.(entry) ?? [entry])
    .map((entry, index) => ({ ...entry, [place]: new NumberText(String(index + 1)) }))
}

function entryKey({ columns, keyColumns }: ChildExpectation, entry: JsonRecord): string {
  return keyColumns
    .map((column) => columns[column])
    .map((expected) => String(expected && written(found(entry, expected[0]), expected[1])))
    .join(' ')
}

function rowKey({ columns, keyColumns }: ChildExpectation, row: Row): string {
  return keyColumns
    .map((column) => String(heldText(row[column] ?? '', columns[column]?.[1] ?? 'text')))
    .join(' ')
}

function textOf(value: JsonText | undefined): string {
  if (value instanceof NumberText) return value.digits
  return typeof value === 'string' ? value : comparable(value ?? null)
}

function shown(value: Row[string]): string {
  return value === null ? 'empty' : `"${String(value)}"`
}

import type { ExactJson, ExactObject } from '../json/index.ts'
import { noticeDrift } from '../schema-drift/notice-drift.ts'
import type { BodyShape } from './body-shape.ts'
import { readColumn } from './columns.ts'
import { readCustomFields } from './custom-fields.ts'
import type { ChildDefinition, ColumnDefinition, EntityDefinition } from './define-entity.ts'
import { mappingDefect } from './mapping-defect.ts'
import { UnreadableValue } from './unreadable-value.ts'
import { readZohoTime } from './zoho-time.ts'

export type { BodyShape } from './body-shape.ts'

/** Column name → the text stored, or null; a column that the body did not carry is absent. */
export type ColumnValues = Readonly<Record<string, string | null>>

/** What a body is: it carries all there is, some of it, or too little to be a row (architecture, "Words"). */
export type Completeness = 'complete' | 'partial' | 'thin'

/** A record of Zoho's as our columns hold it. */
export interface MappedRecord {
  readonly completeness: Completeness
  readonly columns: ColumnValues
  /** Canonical JSON of name → value; undefined when the body did not carry them. */
  readonly customFields: string | undefined
  /** Child table → its rows in order; a table that the body did not carry is absent. */
  readonly children: Readonly<Record<string, readonly ColumnValues[]>>
  /** `last_modified_time` as epoch milliseconds, or null. */
  readonly version: number | null
  /** `created_time` as epoch milliseconds, or null where it is blank; undefined when the body did not carry it. */
  readonly createdAt: number | null | undefined
  /** The record itself, digits as sent. */
  readonly raw: ExactObject
}

/**
 * Maps a record's body that has just come from Zoho, and notices where it differs from what the definition knows.
 * Throws as {@link readRecord} does.
 */
export function mapRecord(entity: EntityDefinition, record: ExactObject, shape: BodyShape): MappedRecord {
  try {
    noticeDrift(entity, record, shape)
  } catch (error) {
    throw mappingDefect(entity, error)
  }
  return readRecord(entity, record, shape)
}

/**
 * Reads a record's body into columns, lines and custom fields.
 * A key that a webhook or a list row does not carry is left out; in a detail, which is complete, it means blank, and so
 * it does where the record says that it goes without. Throws {@link UnreadableValue} for a value that cannot be read exactly, and for a detail without a required column;
 * TdsError `mapping_defect` where our own code fails over a body, so that it costs that record and no other.
 */
export function readRecord(entity: EntityDefinition, record: ExactObject, shape: BodyShape): MappedRecord {
  try {
    return readParts(entity, record, shape)
  } catch (error) {
    throw mappingDefect(entity, error)
  }
}

function readParts(entity: EntityDefinition, record: ExactObject, shape: BodyShape): MappedRecord {
  const columns: Record<string, string | null> = {}
  let absent = false
  let thin = false
  const goesWithout = entity.goesWithout(record)
  for (const column of entity.columns) {
    if (shape === 'list' && !column.inList) continue
    const value = readCarried(column, record, shape)
    if (value !== undefined) columns[column.name] = value
    else if (shape === 'detail' || (goesWithout && column.sometimes)) columns[column.name] = null
    else absent = true
    if (column.required) thin = requireColumn(column, value, shape) || thin
  }
  const children = shape === 'list' ? {} : mapChildren(entity, record, shape)
  const customFields = shape === 'list' ? undefined : mapCustomFields(record, shape)
  const partial =
    shape === 'list' ||
    absent ||
    customFields === undefined ||
    entity.children.some((child) => children[child.table] === undefined)
  return {
    completeness: thin ? 'thin' : partial ? 'partial' : 'complete',
    columns,
    customFields,
    children,
    version: readTime(record, 'last_modified_time'),
    createdAt: isCarried(record, 'created_time', shape) ? readTime(record, 'created_time') : undefined,
    raw: record,
  }
}

/** True when the column makes the body thin; a blank in a required column is an error wherever it stands. */
function requireColumn(
  column: ColumnDefinition,
  value: string | null | undefined,
  shape: BodyShape,
): boolean {
  if (value === null || (value === undefined && shape === 'detail')) {
    throw new UnreadableValue('missing_required', column.keys[0] ?? column.name, 'is required and blank')
  }
  return value === undefined
}

function readCarried(
  column: ColumnDefinition,
  record: ExactObject,
  shape: BodyShape,
): string | null | undefined {
  const key = carriedKey(column.keys, record)
  if (key === undefined) return undefined
  const value = readColumn(column.kind, record[key] ?? null, key)
  const { calendar } = column
  if (calendar === null || value !== calendar.value) return value
  const isTold = shape === 'detail' || calendar.toldBy.every((teller) => record[teller] !== undefined)
  return isTold ? calendar.behind(record) : undefined
}

function mapCustomFields(record: ExactObject, shape: BodyShape): string | undefined {
  const value = record['custom_fields']
  if (value !== undefined) return readCustomFields(value)
  return shape === 'detail' ? '{}' : undefined
}

function mapChildren(
  entity: EntityDefinition,
  record: ExactObject,
  shape: BodyShape,
): Record<string, readonly ColumnValues[]> {
  const children: Record<string, readonly ColumnValues[]> = {}
  const goesWithout = entity.goesWithout(record)
  for (const child of entity.children) {
    const key = carriedKey(child.keys, record)
    if (key !== undefined) children[child.table] = mapRows(child, key, record[key] ?? null)
    else if (shape === 'detail' || (goesWithout && child.sometimes)) children[child.table] = []
  }
  return children
}

function mapRows(child: ChildDefinition, key: string, value: ExactJson): readonly ColumnValues[] {
  if (value === null || value === '') return []
  if (!Array.isArray(value)) throw new UnreadableValue('bad_list', key, 'expected a list')
  const seen = new Set<string>()
  return child.rows(value).map((row, index) => {
    const columns = mapRow(child, row, `${key}[${String(index)}]`)
    if (child.columns.some((column) => column.name === 'position')) columns['position'] ??= String(index + 1)
    const identity = JSON.stringify(child.keyColumns.map((name) => columns[name]))
    if (seen.has(identity)) throw new UnreadableValue('duplicate_line', key, 'two rows have the same id')
    seen.add(identity)
    return columns
  })
}

/** A row of a list is always whole: what it does not carry is blank. */
function mapRow(child: ChildDefinition, row: ExactObject, at: string): Record<string, string | null> {
  const columns: Record<string, string | null> = {}
  for (const column of child.columns) {
    const key = carriedKey(column.keys, row)
    const value = key === undefined ? null : readColumn(column.kind, row[key] ?? null, `${at}.${key}`)
    if (value === null && column.required) {
      throw new UnreadableValue(
        'missing_required',
        `${at}.${column.keys[0] ?? column.name}`,
        'is required and blank',
      )
    }
    columns[column.name] = value
  }
  return columns
}

/** The first key that holds something; where none does, one that stands there blank. */
function carriedKey(keys: readonly string[], record: ExactObject): string | undefined {
  return keys.find((key) => !isBlank(record[key])) ?? keys.find((key) => record[key] !== undefined)
}

/** What a detail does not carry is blank. */
function isCarried(record: ExactObject, key: string, shape: BodyShape): boolean {
  return shape === 'detail' || record[key] !== undefined
}

function isBlank(value: ExactJson | undefined): boolean {
  return value === undefined || value === null || value === ''
}

function readTime(record: ExactObject, key: string): number | null {
  const value = record[key]
  if (value === undefined || value === null || value === '') return null
  try {
    return readZohoTime(value).getTime()
  } catch {
    throw new UnreadableValue('bad_time', key, 'expected a time such as 2026-07-21T16:03:55+0100')
  }
}

import { isExactObject, type ExactJson, type ExactObject } from '../json/index.ts'
import type { EntityType } from './entity-type.ts'
import { qualityOf, type QualityDefinition, type QualitySpec } from './quality-definition.ts'

export type { EntityType } from './entity-type.ts'

/**
 * How a value of Zoho's is read into a column; `columns.ts` has one reader per kind.
 * `discount` is text that may be a percentage (`5%`) or a number in normal form; `address` is an object whose postcode
 * goes by one name.
 */
export type ColumnKind =
  'text' | 'id' | 'decimal' | 'integer' | 'date' | 'boolean' | 'discount' | 'json' | 'address'

/**
 * A value that Zoho shows because a day has come, without a change and without a version, and how to tell the value that
 * stands behind it, which is the one to store (docs/decisions/0014-overdue-is-derived.md).
 */
export interface CalendarValue {
  readonly value: string
  /** Keys that tell what stands behind; a webhook or a list row that lacks one of them says nothing about the column. */
  readonly toldBy: readonly string[]
  readonly behind: (record: ExactObject) => string
}

/** One mapped column of a mirror table. */
export interface ColumnDefinition {
  readonly name: string
  readonly kind: ColumnKind
  /** Zoho's keys for it, the present name first, then the names older organisations still send. */
  readonly keys: readonly string[]
  /** A living row without it is a validation error. */
  readonly required: boolean
  /** A list row carries it and means it (facts about lists: docs/reference/zoho.md). */
  readonly inList: boolean
  /** Which of Zoho's values for it only the calendar brings about; null for nearly every column. */
  readonly calendar: CalendarValue | null
  /** Zoho leaves the key out of the details of some records; that it is missing says nothing. */
  readonly sometimes: boolean
}

/** Rows that belong to a record and change with it: lines, stock per location, price items. */
export interface ChildDefinition {
  readonly table: string
  /** Column that holds the parent's Zoho id. */
  readonly parentColumn: string
  /** Columns that, with organisation and parent, identify one row. */
  readonly keyColumns: readonly string[]
  /** Zoho's keys of the array in the record. */
  readonly keys: readonly string[]
  readonly columns: readonly ColumnDefinition[]
  /** Zoho leaves the array out of the details of some records; that it is missing says nothing. */
  readonly sometimes: boolean
  /** Keys of its entries that are known although no example has them and no column reads them. */
  readonly known: readonly string[]
  /** Turns the array into one object per row, where Zoho nests deeper than one level. */
  readonly rows: (value: readonly ExactJson[]) => ExactObject[]
}

/**
 * A column that names another record: the record's own, or one of its child rows'. What it names must be there and living
 * (rule `missing_reference`), and is asked for where it is not.
 */
export interface ReferenceDefinition {
  /** The child table that has the column; the record's own table where it is left out. */
  readonly child?: string
  readonly column: string
  readonly to: EntityType
  /** A change of this record moves numbers of the one named, stock or a balance, without giving that a new version. */
  readonly moves?: true
}

/** How Zoho answers with the details of many records at once. */
export interface BulkDefinition {
  readonly path: string
  /** The parameter that takes the ids, separated by commas. */
  readonly parameter: string
  /** The key of the array in the answer. */
  readonly listKey: string
  /** Ids in one call at most. */
  readonly limit: number
}

/** What may be asked of a type's list, and what must be (docs/reference/zoho.md, lists). */
export interface ListDefinition {
  /** `filter_by` that shows every row: without it Zoho may hide the inactive ones. Null where the list knows none. */
  readonly filterBy: string | null
  /** A sort within which no change moves a row; null where the list cannot be sorted. */
  readonly sortColumn: 'created_time' | null
}

/** Where and under which names Zoho keeps this kind of record. */
export interface SourceDefinition {
  readonly root: '/inventory/v1' | '/books/v3'
  readonly path: string
  /** Singular key around a detail answer and a webhook body. */
  readonly wrapper: string
  readonly listKey: string
  readonly list: ListDefinition
  readonly id: string
  /** Other words for this type in hand-made webhook bodies. */
  readonly names: readonly string[]
  /** Null where there is no call for many. */
  readonly bulk: BulkDefinition | null
  /** Zoho can send webhooks of this type, so that a change without one is a change that was missed. */
  readonly webhooks: boolean
}

/** Invented but true-to-shape bodies that the contract suite and the docs use. */
export interface EntityExample {
  readonly detail: string
  readonly listRow: string
  readonly webhook: string
}

/** All that the shared code needs to know about one type; it never asks for the type's name. */
export interface EntityDefinition {
  readonly type: EntityType
  /** Path segment under `/webhooks` and `/api/v1/records`. */
  readonly resource: string
  readonly aliases: readonly string[]
  readonly source: SourceDefinition
  readonly table: string
  readonly columns: readonly ColumnDefinition[]
  readonly children: readonly ChildDefinition[]
  /**
   * Whether a record says of itself that it has nothing of what Zoho sends only {@link ColumnDefinition.sometimes}: then a
   * key of these that its body lacks is blank, whatever kind of body it is.
   */
  readonly goesWithout: (record: ExactObject) => boolean
  /** Columns of the ERP in the same table; sync never writes them. */
  readonly localFields: readonly string[]
  /** Lists tell so little of it that its details are read again before any other type's, all of them. */
  readonly wholeFirst: boolean
  /** Keys that are known although no example has them and no column reads them. */
  readonly known: readonly string[]
  readonly references: readonly ReferenceDefinition[]
  /** What the rules of `core/quality` judge; nothing of it is ever corrected. */
  readonly quality: QualityDefinition
  readonly example: EntityExample
}

/** What a definition file writes down; everything else has one default, named here. */
export interface EntitySpec extends Omit<
  EntityDefinition,
  | 'source'
  | 'columns'
  | 'children'
  | 'goesWithout'
  | 'localFields'
  | 'wholeFirst'
  | 'known'
  | 'references'
  | 'quality'
> {
  readonly source: Omit<SourceDefinition, 'bulk' | 'webhooks'> & {
    readonly bulk?: BulkDefinition
    readonly webhooks?: false
  }
  readonly columns: Readonly<Record<string, ColumnSpec>>
  readonly children?: Readonly<Record<string, ChildSpec>>
  readonly goesWithout?: EntityDefinition['goesWithout']
  readonly localFields?: readonly string[]
  readonly wholeFirst?: true
  readonly known?: readonly string[]
  readonly references?: readonly ReferenceDefinition[]
  readonly quality?: QualitySpec
}

interface ColumnSpec {
  readonly kind?: ColumnKind
  readonly keys?: readonly string[]
  readonly required?: true
  readonly inList?: true
  readonly calendar?: CalendarValue
  readonly sometimes?: true
}

/** What a definition file writes down of its child rows. */
export interface ChildSpec {
  readonly parentColumn: string
  readonly keyColumns: readonly string[]
  readonly keys: readonly string[]
  readonly columns: Readonly<Record<string, ColumnSpec>>
  readonly sometimes?: true
  readonly known?: readonly string[]
  readonly rows?: ChildDefinition['rows']
}

/** Makes a complete definition from what a type's file says: a column is optional text under its own name unless told otherwise. */
export function defineEntity(spec: EntitySpec): EntityDefinition {
  return {
    ...spec,
    source: { ...spec.source, bulk: spec.source.bulk ?? null, webhooks: spec.source.webhooks ?? true },
    columns: columnsOf(spec.columns),
    children: Object.entries(spec.children ?? {}).map(([table, child]) => ({
      ...child,
      table,
      columns: columnsOf(child.columns),
      sometimes: child.sometimes ?? false,
      known: child.known ?? [],
      rows: child.rows ?? objectsOnly,
    })),
    goesWithout: spec.goesWithout ?? (() => false),
    localFields: spec.localFields ?? [],
    wholeFirst: spec.wholeFirst ?? false,
    known: spec.known ?? [],
    references: spec.references ?? [],
    quality: qualityOf(spec.quality),
  }
}

function columnsOf(specs: Readonly<Record<string, ColumnSpec>>): ColumnDefinition[] {
  return Object.entries(specs).map(([name, spec]) => ({
    name,
    kind: spec.kind ?? 'text',
    keys: spec.keys ?? [name],
    required: spec.required ?? false,
    inList: spec.inList ?? false,
    calendar: spec.calendar ?? null,
    sometimes: spec.sometimes ?? false,
  }))
}

/** Leaves what is no object in place as an empty one, so that the missing key is reported instead of the row skipped. */
function objectsOnly(value: readonly ExactJson[]): ExactObject[] {
  return value.map((row) => (isExactObject(row) ? row : (Object.create(null) as ExactObject)))
}

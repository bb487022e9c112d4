import type { JsonObject } from '../exact/json.ts'
import type { Random } from '../random.ts'
import type { WorldRecord } from './collection.ts'
import type { RecordType } from './record-type.ts'
import type { Stamp } from './stamp.ts'
import type { NewRecord, World } from './world.ts'

/** The two products under whose paths a record can be read. */
export type Root = 'books' | 'inventory'

/** What one kind of record answers about itself, so that shared code never asks which kind it has. */
export interface RecordKind {
  readonly type: RecordType
  /** Its word in webhook paths. */
  readonly resource: string
  readonly path: string
  readonly listKey: string
  readonly wrapper: string
  readonly idKey: string
  /** As in `Invoice does not exist.` */
  readonly noun: string
  /** Where its documented, fuller form is read. */
  readonly home: Root
  /** The scope that a read needs, without its product; null where Zoho documents none. */
  readonly scopes: Readonly<Record<Root, string | null>>
  readonly list: ListRules
  /** The keys of the body that Zoho's default webhook carries. */
  readonly webhookKeys: readonly string[]
  /** A new record of this kind, as a person might enter it. */
  make(world: World, random: Random, stamp: Stamp): NewRecord
  row(record: WorldRecord, view: View): JsonObject
  /** What a detail answers; differs from the record's own where it depends on the product or the day. */
  detail(record: WorldRecord, view: View): JsonObject
  /** What can happen to a record, by name. */
  readonly changes: Readonly<Record<string, Change>>
  readonly effects?: DocumentEffects
  readonly overdue?: OverdueRule
}

/** From where a record is looked at. */
export interface View {
  world: World
  root: Root
}

/** Returns the fields that a change gives new values, or null if this record cannot be changed that way. */
export type Change = (detail: JsonObject, context: ChangeContext) => JsonObject | null

/** What a change may draw on. */
export interface ChangeContext {
  world: World
  random: Random
}

/** How a list sorts and filters (docs/reference/zoho.md, calls). */
export interface ListRules {
  readonly reportName: string
  readonly defaultFilter: string
  /** What filter_by accepts. */
  readonly filters: Readonly<Record<string, RecordTest>>
  /** Which records the option hideInactive hides while no filter_by is sent. */
  readonly inactive: RecordTest
  readonly defaultSort: { column: string; order: 'A' | 'D' }
  /** What sort_column accepts; where nothing is documented both sort parameters are ignored. */
  readonly sortColumns: Readonly<Record<Root, readonly string[]>>
  /** The products that honour last_modified_time; elsewhere it is ignored without a word. */
  readonly lastModifiedFilter: readonly Root[]
  /** Further parameters that choose rows: the test of a record against the value sent, or null for a bad value. */
  readonly parameters: Readonly<Record<string, (value: string) => RecordTest | null>>
  /** The keys that rows have according to the documents, where recorded rows differ. */
  readonly documentedRowKeys?: readonly string[]
}

/** What a change of a document moves elsewhere, without a new version there. */
export interface DocumentEffects {
  /** The key that names the contact whose balances it moves. */
  readonly contactKey?: string
  /** Whether its lines bring stock (1) or take it (-1), and the key of their quantity. */
  readonly stock?: { readonly sign: 1 | -1; readonly quantityKey: string }
  /** The statuses in which it moves stock. */
  readonly stockStatuses?: (status: string) => boolean
}

/** Which statuses turn to overdue by the calendar, and to what an overdue one turns when it is due later after all. */
export interface OverdueRule {
  readonly open: readonly string[]
  readonly notYetDue: string
}

/** Whether a record belongs to what was asked for. */
export type RecordTest = (record: WorldRecord) => boolean

/** A change that blanks one of these fields, the first that is not blank yet. */
export function clearing(...keys: string[]): Change {
  return (detail, { random }) => {
    const filled = keys.filter((key) => (detail[key] ?? '') !== '')
    return filled.length === 0 ? null : { [random.pick(filled)]: '' }
  }
}

/** A change that raises the version and nothing else. */
export const touch: Change = () => ({})

/** A change that writes a new text into a field. */
export function rewriting(key: string, text: (random: Random) => string): Change {
  return (detail, { random }) => {
    const written = text(random)
    return { [key]: written === detail[key] ? `${written} *` : written }
  }
}

/** A change that turns a two-valued field to its other value. */
export function toggling(key: string, values: readonly [string, string]): Change {
  return (detail) => ({ [key]: detail[key] === values[0] ? values[1] : values[0] })
}

/** `Status.PartiallyPaid` and its like for each status, and `Status.All`. */
export function statusFilters(...statuses: string[]): Record<string, RecordTest> {
  const named = statuses.map((status): [string, RecordTest] => [
    `Status.${pascalCase(status)}`,
    (record) => record.detail['status'] === status,
  ])
  return { 'Status.All': () => true, ...Object.fromEntries(named) }
}

/** The test of records that are not inactive's: for kinds whose lists hide nothing. */
export function never(): boolean {
  return false
}

/** date_start, date_end, date_before and date_after, which follow the document's own date. */
export const documentDates: ListRules['parameters'] = {
  date_start: (value) => dateTest(value, (date) => date >= value),
  date_end: (value) => dateTest(value, (date) => date <= value),
  date_before: (value) => dateTest(value, (date) => date < value),
  date_after: (value) => dateTest(value, (date) => date > value),
}

function dateTest(value: string, test: (date: string) => boolean): RecordTest | null {
  if (!/^\d{4}-\d\d-\d\d$/.test(value)) return null
  return (record) => {
    const { date } = record.detail
    return typeof date === 'string' && test(date)
  }
}

function pascalCase(status: string): string {
  return status.replace(/(?:^|_)([a-z])/g, (_, letter: string) => letter.toUpperCase())
}

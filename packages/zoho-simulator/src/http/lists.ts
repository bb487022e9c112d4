import { compareDecimals, Decimal } from '../exact/decimal.ts'
import { pick } from '../exact/fields.ts'
import type { Json, JsonObject } from '../exact/json.ts'
import type { Collection, WorldRecord } from '../world/collection.ts'
import type { RecordKind, RecordTest, View } from '../world/record-kind.ts'
import { readTime } from '../zone.ts'
import { invalidValue, success, type Answer } from './answer.ts'
import type { ApiParts, ApiRequest } from './call.ts'
import { cutPage, pageContext, readPage } from './page.ts'

/** Answers a list: filtered, sorted, one page of it. Parameters that Zoho does not know are ignored. */
export function answerList(kind: RecordKind, request: ApiRequest, parts: ApiParts): Answer {
  const page = readPage(request.query, parts.switches.defaultPerPage)
  if ('refusal' in page) return page.refusal
  const filter = readFilter(kind, request, parts)
  if ('refusal' in filter) return filter.refusal
  const sort = readSort(kind, request)
  if ('refusal' in sort) return sort.refusal

  const found = () => inOrder(parts.world.collections[kind.type], sort).filter(filter.test)
  let records = found()
  const earlier = records.slice(0, (page.page - 1) * page.perPage)
  if (parts.shifts.beforePage(kind.type, earlier)) records = found()
  const { rows, hasMore } = cutPage(records, page)
  const view = { world: parts.world, root: request.root }
  const { reportName } = kind.list
  return success({
    [kind.listKey]: rows.map((record) => listRow(kind, record, { view, parts })),
    page_context: pageContext({ page, hasMore, reportName, appliedFilter: filter.applied, sort }),
  })
}

function listRow(
  kind: RecordKind,
  record: WorldRecord,
  { view, parts }: { view: View; parts: ApiParts },
): JsonObject {
  const row = kind.row(record, view)
  const { documentedRowKeys } = kind.list
  return documentedRowKeys !== undefined && parts.switches.adjustmentRows === 'documented'
    ? pick({ ...record.detail, ...row }, documentedRowKeys)
    : row
}

interface Refused {
  refusal: Answer
}

interface Filter {
  applied: string
  test: RecordTest
}

function readFilter(kind: RecordKind, request: ApiRequest, parts: ApiParts): Filter | Refused {
  const { filters, defaultFilter, inactive } = kind.list
  const asked = request.query.get('filter_by')
  const named = Object.hasOwn(filters, asked ?? defaultFilter) ? filters[asked ?? defaultFilter] : undefined
  if (named === undefined) return { refusal: invalidValue('filter_by') }
  const tests = [named]
  if (asked === null && parts.switches.hideInactive) tests.push((record) => !inactive(record))

  const since = readLastModified(kind, request, parts)
  if (since === 'invalid') return { refusal: invalidValue('last_modified_time') }
  // Inclusive, as the integrations that use it have it.
  if (since !== null) tests.push((record) => record.modifiedMs >= since)

  for (const [name, testOf] of Object.entries(kind.list.parameters)) {
    const value = request.query.get(name)
    if (value === null) continue
    const test = testOf(value)
    if (test === null) return { refusal: invalidValue(name) }
    tests.push(test)
  }
  return { applied: asked ?? defaultFilter, test: (record) => tests.every((test) => test(record)) }
}

function readLastModified(
  { list }: RecordKind,
  { query, root }: ApiRequest,
  { switches }: ApiParts,
): number | null | 'invalid' {
  const text = query.get('last_modified_time')
  const honoured = switches.lastModifiedFilter === 'everywhere' || list.lastModifiedFilter.includes(root)
  if (text === null || !honoured) return null
  return readTime(text) ?? 'invalid'
}

interface Sort {
  column: string
  order: 'A' | 'D'
}

function readSort({ list }: RecordKind, { query, root }: ApiRequest): Sort | Refused {
  const sortable = list.sortColumns[root]
  if (sortable.length === 0) return list.defaultSort
  const column = query.get('sort_column') ?? list.defaultSort.column
  if (!sortable.includes(column)) return { refusal: invalidValue('sort_column') }
  const order = query.get('sort_order') ?? (query.has('sort_column') ? 'A' : list.defaultSort.order)
  if (order !== 'A' && order !== 'D') return { refusal: invalidValue('sort_order') }
  return { column, order }
}

const orders = new WeakMap<Collection, { changes: number; bySort: Map<string, WorldRecord[]> }>()

/** What lives, sorted; the order is kept until something changes, because a walk over a big list asks for it with every page. */
function inOrder(collection: Collection, sort: Sort): readonly WorldRecord[] {
  const changes = collection.changes()
  let kept = orders.get(collection)
  if (kept?.changes !== changes) {
    kept = { changes, bySort: new Map() }
    orders.set(collection, kept)
  }
  const name = `${sort.order} ${sort.column}`
  const records = kept.bySort.get(name) ?? sorted(collection.living(), sort)
  kept.bySort.set(name, records)
  return records
}

function sorted(records: WorldRecord[], { column, order }: Sort): WorldRecord[] {
  const keyed = records.map((record) => ({ record, key: sortKey(record, column) }))
  const direction = order === 'A' ? 1 : -1
  keyed.sort((a, b) => direction * (compareKeys(a.key, b.key) || compareText(a.record.id, b.record.id)))
  return keyed.map(({ record }) => record)
}

/** Times sort as instants: their text does not, where an offset changes with summer time. */
function sortKey({ detail, createdMs, modifiedMs }: WorldRecord, column: string): Json {
  if (column === 'created_time') return createdMs
  if (column === 'last_modified_time') return modifiedMs
  const value = detail[column] ?? ''
  return typeof value === 'string' ? value.toLowerCase() : value
}

/** Blanks come first, then numbers, then text. */
function compareKeys(a: Json, b: Json): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b
  if (a instanceof Decimal && b instanceof Decimal) return compareDecimals(a, b)
  return compareText(sortText(a), sortText(b))
}

function sortText(key: Json): string {
  return typeof key === 'string' ? key : key instanceof Decimal ? '0' : ''
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

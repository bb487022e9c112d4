import type { JsonObject } from '../exact/json.ts'
import { invalidValue, type Answer } from './answer.ts'

/** Which rows of a list are asked for. */
export interface Page {
  page: number
  perPage: number
}

/** Reads page and per_page: 200 rows at most; an Answer says what is wrong with them. */
export function readPage(query: URLSearchParams, defaultRows: number): Page | { refusal: Answer } {
  const page = wholeNumber(query.get('page') ?? '1')
  if (page === null) return { refusal: invalidValue('page') }
  const perPage = wholeNumber(query.get('per_page') ?? String(defaultRows))
  if (perPage === null) return { refusal: invalidValue('per_page') }
  return { page, perPage: Math.min(perPage, mostRows) }
}

/** Cuts the page out of all rows; a page beyond the end is empty. */
export function cutPage<T>(rows: readonly T[], { page, perPage }: Page): { rows: T[]; hasMore: boolean } {
  const end = page * perPage
  return { rows: rows.slice(end - perPage, end), hasMore: end < rows.length }
}

/** What a list tells of itself beside its rows; never how many there are. */
export interface ListFacts {
  page: Page
  hasMore: boolean
  reportName: string
  appliedFilter: string
  sort: { column: string; order: 'A' | 'D' }
}

/** Writes the list's page_context. */
export function pageContext({ page, hasMore, reportName, appliedFilter, sort }: ListFacts): JsonObject {
  return {
    page: page.page,
    per_page: page.perPage,
    has_more_page: hasMore,
    report_name: reportName,
    applied_filter: appliedFilter,
    custom_fields: [],
    sort_column: sort.column,
    sort_order: sort.order,
  }
}

const mostRows = 200

function wholeNumber(text: string): number | null {
  return /^[1-9]\d{0,6}$/.test(text) ? Number(text) : null
}

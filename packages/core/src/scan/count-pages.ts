import { rowsPerPage, type Walk } from './walk-list.ts'

/** A list that says that there is more for ever is not asked for ever. */
const mostPages = 65_536

/** How long a list is. */
export interface PageCount {
  readonly pages: number
  /** Calls that finding it out has cost. */
  readonly calls: number
}

/**
 * Finds out how many pages a list has that has more than one: nothing in it says so, so it looks at page 2, 4, 8 … until
 * there is no more, and halves the rest. Twice the logarithm of the pages in calls. The list may move meanwhile: the count is
 * an expectation, and nothing is decided by it.
 */
export async function countPages(walk: Omit<Walk, 'firstPage'>): Promise<PageCount> {
  let calls = 0
  /** Whether a page has successors, is the last one, or lies beyond. */
  const look = async (page: number): Promise<'more' | 'last' | 'beyond'> => {
    const { source, organizationId, entity, lane, signal, modifiedSince } = walk
    const call = await source.admit({ organizationId, entity, lane, signal })
    calls += 1
    const { rows, hasMore } = await call.readPage({ page, perPage: rowsPerPage, modifiedSince })
    if (rows.length === 0) return 'beyond'
    return hasMore ? 'more' : 'last'
  }
  let known = 1
  let beyond = 2
  for (; beyond <= mostPages; beyond *= 2) {
    const seen = await look(beyond)
    if (seen === 'last') return { pages: beyond, calls }
    if (seen === 'beyond') break
    known = beyond
  }
  while (beyond - known > 1) {
    const middle = Math.floor((known + beyond) / 2)
    const seen = await look(middle)
    if (seen === 'last') return { pages: middle, calls }
    if (seen === 'more') known = middle
    else beyond = middle
  }
  return { pages: known, calls }
}

import type { Instant } from '../sync/instant.ts'
import { rowsPerPage, type Walk } from './walk-list.ts'

/** A day ahead: nothing was changed after it, whatever the clocks. */
const aheadMicros = 24 * 3600 * 1_000_000

/**
 * Asks whether a list leaves out what is older than a time: Zoho ignores parameters that it does not know, without a word, so
 * that an unsupported filter looks like success. What was changed after tomorrow must be nothing. One call.
 */
export async function proveFilter(
  walk: Omit<Walk, 'modifiedSince' | 'firstPage'>,
  now: Instant,
): Promise<boolean> {
  const { source, organizationId, entity, lane, signal } = walk
  const call = await source.admit({ organizationId, entity, lane, signal })
  const { rows, hasMore } = await call.readPage({
    page: 1,
    perPage: rowsPerPage,
    modifiedSince: now + aheadMicros,
  })
  return rows.length === 0 && !hasMore
}

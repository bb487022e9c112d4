import type { DifferenceClass } from '@tds/db'
import { addCounts, applyListedRows } from '../scan/apply-listed.ts'
import { walkList, type WalkedPage } from '../scan/walk-list.ts'
import { comparePage } from './compare-page.ts'
import { listingOf, repairs, walkOf, type IndexRun } from './index-run.ts'
import { keepFindings } from './keep-findings.ts'
import type { FoundRecord } from './new-difference.ts'

/** What the list itself tells is applied at once; the detail follows. */
const listClasses: ReadonlySet<DifferenceClass> = new Set(['missing_here', 'stale', 'different'])
/** Records put aside for a second look at the end; what is beyond is looked at by owed reads alone. */
const meanwhileLimit = 100

/**
 * Walks the list once, compares every row that this run has not compared yet, keeps what differs, and applies what the list
 * tells about it where the run repairs. False when somebody cancelled the run. Throws what `walkList` does.
 */
export async function walkIndex(run: IndexRun): Promise<boolean> {
  run.moved = false
  run.pages = 0
  for await (const page of walkList(walkOf(run))) {
    run.pages += 1
    run.lastPage = page.page
    run.moved ||= page.repeats.length > 0
    if (!(await takePage(run, page))) return false
  }
  return true
}

async function takePage(run: IndexRun, page: WalkedPage): Promise<boolean> {
  const { found, compared, equal } = await comparePage(run, page)
  const kept = found.filter((record) => !putAside(run, record))
  const listed = repairs(run) ? kept.filter((record) => listClasses.has(record.class)) : []
  const status = await keepFindings(run, kept, {
    // What is applied counts itself.
    counts: {
      read: compared - listed.length,
      unchanged: equal,
      failed: kept.filter((record) => record.class === 'unreadable').length,
      apiCalls: 1,
    },
    listed: { zohoIds: page.rows.map(({ zohoId }) => zohoId), lookedAt: page.sentAt },
  })
  if (status !== 'running') return false
  return listed.length === 0 || applyListed(run, page, listed)
}

function putAside({ meanwhile }: IndexRun, record: FoundRecord): boolean {
  if (record.class !== 'changed_meanwhile' || meanwhile.size >= meanwhileLimit) return false
  meanwhile.set(record.zohoId, record)
  return true
}

async function applyListed(
  run: IndexRun,
  page: WalkedPage,
  listed: readonly FoundRecord[],
): Promise<boolean> {
  const ids = new Set(listed.map(({ zohoId }) => zohoId))
  const { counts, status } = await applyListedRows(listingOf(run), {
    rows: page.rows.filter(({ zohoId }) => ids.has(zohoId)),
    sentAt: page.sentAt,
    apiCalls: 0,
    place: null,
  })
  run.counts = addCounts(run.counts, counts)
  return status === 'running'
}

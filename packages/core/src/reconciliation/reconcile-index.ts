import {
  countDifferences,
  endRun,
  endVanishedDifferences,
  issueCertificate,
  oldestDetailRead,
  type RunCounts,
  type Transaction,
} from '@tds/db'
import { TdsError } from '@tds/runtime'
import { failureOf } from '../inbox/failure.ts'
import type { ListParts, RunReport } from '../scan/read-list.ts'
import { databaseNow } from '../sync/database-now.ts'
import { recordTableOf } from '../sync/record-table.ts'
import { keepAbsent } from './absent-records.ts'
import { newIndexRun, type IndexRun, type ReconciliationWish } from './index-run.ts'
import { lookAgain } from './look-again.ts'
import { walkIndex } from './walk-index.ts'

/** How a reconciliation ended. */
export interface ReconciliationReport {
  readonly runId: string
  readonly status: RunReport['status']
  readonly counts: RunCounts
  /** Records compared: those listed, and those that only the mirror had. */
  readonly compared: number
  /** Of them different, as far as known when the run ended: reads that it owed may still find that some are not. */
  readonly different: number
  /** Records that the deletion fuse kept from being read. */
  readonly held: number
  /** The certificate issued; null where the run was not complete, or dry. */
  readonly certificateId: string | null
  /** Why it did not end well; null where it did. */
  readonly error: TdsError | null
}

/**
 * Compares every record of a type with Zoho's list: ids, versions, all mapped fields that its rows carry, and the hash beside
 * each row here with the row itself. Repairs, where wished, by the one path: what the list tells is applied, and a direct read
 * of each such record is owed. Complete, it issues a certificate; partial, for whatever reason, it calls nothing absent.
 * Called by whoever leads the duty for the type. Never throws for what the source does: the report says how it ended.
 */
export async function reconcileIndex(
  parts: ListParts,
  wish: ReconciliationWish,
): Promise<ReconciliationReport> {
  const startedAt = await parts.db.transaction(databaseNow)
  const run = newIndexRun({ parts, wish, startedAt })
  let ending: Ending
  try {
    ending = await compareAll(run)
  } catch (error) {
    if (!(error instanceof TdsError) || error.code === 'lease_lost') throw error
    // Of a list that contradicts itself something was seen, if only that.
    const nothingSeen = run.pages === 0 && error.code !== 'list_unreliable'
    ending = { status: nothingSeen ? 'failed' : 'partial', absent: 0, held: 0, error }
  }
  return finish(run, ending)
}

interface Ending {
  readonly status: Exclude<RunReport['status'], 'waiting'>
  readonly absent: number
  readonly held: number
  readonly error: TdsError | null
}

const cancelled: Ending = { status: 'cancelled', absent: 0, held: 0, error: null }

async function compareAll(run: IndexRun): Promise<Ending> {
  if (!(await walkIndex(run))) return cancelled
  const { absent, held, cancelled: stopped } = await keepAbsent(run)
  if (stopped || !(await lookAgain(run))) return cancelled
  if (held === 0) return { status: 'completed', absent, held, error: null }
  return { status: 'partial', absent, held, error: fuseHolds(run, held) }
}

function fuseHolds({ wish }: IndexRun, held: number): TdsError {
  return new TdsError(
    `${String(held)} records are absent, more than the deletion fuse lets be deleted: they are held.`,
    {
      code: 'deletions_held',
      disposition: 'retry',
      nextStep:
        'See in Zoho whether so many were really deleted. If they were, release the fuse with their number (tds fuse release); if not, nothing was lost, and the next run looks again.',
      facts: { entity: wish.entity.type, held },
    },
  )
}

async function finish(run: IndexRun, ending: Ending): Promise<ReconciliationReport> {
  const { parts, wish } = run
  const { runId } = wish
  const { status, error, held } = ending
  const compared = run.seen.size + ending.absent
  return parts.db.transaction(async (tx) => {
    await parts.lease.guard(tx)
    // Ended first: that holds the run, and with it whoever settles one of its differences meanwhile.
    await endRun(tx, runId, { status, cursorAfter: null, summary: summaryOf(run, error) })
    const isProof = status === 'completed' && !wish.dryRun
    const certificateId = isProof ? await certify(tx, run, compared) : null
    const { different } = await countDifferences(tx, runId)
    return { runId, status, counts: run.counts, compared, different, held, certificateId, error }
  })
}

async function certify(tx: Transaction, { wish }: IndexRun, compared: number): Promise<string> {
  const { runId } = wish
  const owner = { runId, organizationId: wish.organizationId, entityType: wish.entity.type }
  await endVanishedDifferences(tx, owner)
  const { different, repaired } = await countDifferences(tx, runId)
  const { oldest, never } = await oldestDetailRead(tx, recordTableOf(wish.entity), owner)
  return issueCertificate(tx, {
    runId,
    depth: 'index',
    compared,
    different,
    repaired,
    oldestReadAt: oldest,
    neverRead: never,
  })
}

function summaryOf({ counts }: IndexRun, error: TdsError | null): string | null {
  if (error === null && counts.failed === 0) return null
  const { code, message } =
    error === null
      ? { code: 'rows_unreadable', message: 'rows were left to their details' }
      : failureOf(error)
  return JSON.stringify({ code, message, unreadable: counts.failed })
}

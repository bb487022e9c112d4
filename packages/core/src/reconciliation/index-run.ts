import type { RunCounts } from '@tds/db'
import type { EntityDefinition } from '../entities/define-entity.ts'
import { noCounts, type ListingRun } from '../scan/apply-listed.ts'
import type { ListParts } from '../scan/read-list.ts'
import type { Walk } from '../scan/walk-list.ts'
import type { Instant } from '../sync/instant.ts'
import type { FoundRecord } from './new-difference.ts'

/** What is to be reconciled, and how. */
export interface ReconciliationWish {
  readonly organizationId: string
  readonly entity: EntityDefinition
  /** The run, which has begun. */
  readonly runId: string
  readonly repair: boolean
  /** Writes nothing but the run and its differences. */
  readonly dryRun: boolean
  /** The person; null for a schedule. */
  readonly requestedBy: string | null
}

/** An index run in progress. What it knows of the whole list is a number for each id, so that a big type needs little. */
export interface IndexRun {
  readonly parts: ListParts
  readonly wish: ReconciliationWish
  readonly startedAt: Instant
  /** Id → digest of the row that was listed first: about 10 MB for 100,000 records. */
  readonly seen: Map<string, number>
  /** What changed while it was compared, to be looked at once more at the end. */
  readonly meanwhile: Map<string, FoundRecord>
  counts: RunCounts
  /** The list gave rows of ids that it had given before: it moved while it was walked. */
  moved: boolean
  pages: number
  lastPage: number
}

/** Begins the bookkeeping of a run. */
export function newIndexRun(o: Pick<IndexRun, 'parts' | 'wish' | 'startedAt'>): IndexRun {
  return {
    ...o,
    seen: new Map(),
    meanwhile: new Map(),
    counts: noCounts,
    moved: false,
    pages: 0,
    lastPage: 0,
  }
}

/** True when the run may put right what it finds. */
export function repairs({ wish }: Pick<IndexRun, 'wish'>): boolean {
  return wish.repair && !wish.dryRun
}

/** The walk over the whole list. */
export function walkOf({ parts, wish }: Pick<IndexRun, 'parts' | 'wish'>): Walk {
  const { db, source, signal } = parts
  const { organizationId, entity } = wish
  return { db, source, organizationId, entity, lane: 'incremental', signal, modifiedSince: null }
}

/** The run as applying listed rows takes it. */
export function listingOf({ parts, wish }: IndexRun): ListingRun {
  const { db, queue, lease } = parts
  const { organizationId, entity } = wish
  return {
    db,
    queue,
    lease,
    runId: wish.runId,
    organizationId,
    entity,
    cause: 'reconciliation',
    readReason: 'reconciliation',
    dryRun: wish.dryRun,
    actor: wish.requestedBy ?? 'worker',
    reason: null,
  }
}

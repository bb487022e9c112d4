import {
  addToRun,
  insertDifferences,
  readSingly,
  recordEvidence,
  type DifferenceClass,
  type DifferenceState,
  type ReadRequest,
  type RunCounts,
  type RunStatus,
  type Transaction,
} from '@tds/db'
import { counter } from '@tds/runtime'
import { addCounts, noCounts } from '../scan/apply-listed.ts'
import { askForReads } from '../sync/ask-for-reads.ts'
import type { Instant } from '../sync/instant.ts'
import { persist } from '../sync/persist.ts'
import { repairs, type IndexRun } from './index-run.ts'
import { newDifference, type FoundRecord } from './new-difference.ts'
import { noteListed } from './signs-of-life.ts'

const differencesFound = counter({
  name: 'tds_differences_found_total',
  help: 'Differences from Zoho that reconciliations found, by type and class; of dry runs too.',
  labelNames: ['entity', 'class'],
})

/** How long a run waits for a Postgres that is away, before what it has walked is lost to it. */
const outageMs = 30_000

/** Only the source's own word about the single record settles these. */
const directClasses: ReadonlySet<DifferenceClass> = new Set([
  'missing_in_zoho',
  'ahead',
  'damaged',
  'deleted_here',
  'duplicate',
])

/** How findings are kept where that is not as usual. */
export interface KeepOptions {
  readonly counts?: Partial<RunCounts>
  /** What the list had, at the time it was asked: its deletion is held no longer. */
  readonly listed?: { readonly zohoIds: readonly string[]; readonly lookedAt: Instant }
  readonly state?: DifferenceState
  readonly note?: string
}

/**
 * Keeps what was found, and owes a read of each record where the run repairs, in one transaction with its counts. Returns how
 * the run stands.
 */
export async function keepFindings(
  run: IndexRun,
  found: readonly FoundRecord[],
  o: KeepOptions = {},
): Promise<RunStatus> {
  const { parts, wish } = run
  const { organizationId, entity, runId } = wish
  const owner = { runId, organizationId, entityType: entity.type }
  const state = o.state ?? (repairs(run) ? 'found' : 'left')
  const note = o.note ?? (repairs(run) ? null : 'not to be repaired by this run')
  const evidence = await recordEvidence(parts.db, { ...owner, zohoIds: found.map(({ zohoId }) => zohoId) })
  const byId = new Map(evidence.map((row) => [row.zoho_id, row]))
  const differences = found.map((record) =>
    newDifference(entity, record, { evidence: byId.get(record.zohoId), state, note }),
  )
  const reads = state === 'found' ? found.map((record) => readOf(run, record)) : []
  const single = found
    .filter((record) => directClasses.has(record.class))
    .map((record) => readOf(run, record))
  const counts = { ...noCounts, ...o.counts }
  const write = async (tx: Transaction): Promise<RunStatus> => {
    await parts.lease.guard(tx)
    await insertDifferences(tx, owner, differences)
    await askForReads(parts.queue, tx, reads)
    if (reads.length > 0) await readSingly(tx, single)
    if (o.listed !== undefined && repairs(run)) await noteListed(tx, { organizationId, entity, ...o.listed })
    return addToRun(tx, runId, counts)
  }
  const { signal } = parts
  const status = await persist(() => parts.db.transaction(write), { forMs: outageMs, signal })
  run.counts = addCounts(run.counts, counts)
  for (const record of found) differencesFound.inc({ entity: entity.type, class: record.class })
  return status
}

function readOf({ wish }: IndexRun, { zohoId }: FoundRecord): ReadRequest {
  return {
    organizationId: wish.organizationId,
    entityType: wish.entity.type,
    zohoId,
    reason: 'reconciliation',
    eventId: null,
    delaySeconds: 0,
  }
}

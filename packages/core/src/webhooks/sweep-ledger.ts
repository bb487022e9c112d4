import {
  beginLedgerSweep,
  moveLedgerSweep,
  recordsUnreadSince,
  type Database,
  type LeaderLease,
  type LedgerStep,
  type LedgerSweep,
  type ReadRequest,
  type Transaction,
} from '@tds/db'
import type { Queue } from '@tds/queue'
import { childLogger, TdsError } from '@tds/runtime'
import { entityOf } from '../entities/index.ts'
import { rowsPerPage } from '../scan/walk-list.ts'
import { askForReads } from '../sync/ask-for-reads.ts'
import { databaseNow } from '../sync/database-now.ts'
import { readInstant, writeInstant, type Instant } from '../sync/instant.ts'
import { ledgerUnavailable, type DeliveryLedger, type FailedDelivery } from './delivery-ledger.ts'

const log = childLogger('core:ledger')

/** What a sweep needs of its surroundings. */
export interface LedgerSweepParts {
  readonly db: Database
  readonly queue: Pick<Queue, 'send'>
  readonly ledger: DeliveryLedger
  readonly lease: Pick<LeaderLease, 'guard'>
  readonly signal: AbortSignal
}

/** What a sweep came to; counts are of this sweep. */
export interface LedgerReport {
  readonly outcome: 'off' | 'not-due' | 'swept' | 'failed' | 'unavailable'
  readonly calls: number
  /** Failed deliveries that no sweep had dealt with before. */
  readonly failures: number
  /** Records of which a read was asked for. */
  readonly owed: number
  readonly unknownModules: number
  readonly unreadable: number
}

/** An entry may show up after others that failed later; so far back the list is read again. */
const overlap: Instant = 10 * 60 * 1_000_000
/** The clocks of the source and of the database may differ by less than this. */
const clockTolerance: Instant = 60 * 1_000_000
/** Ten thousand failures within minutes are no list to work through: what is beyond is left to reading lists. */
const mostPages = 50
/** A list that is not shown to us is asked for again after a day. */
const unavailableSeconds = 24 * 3600

/**
 * Reads the source's list of failed deliveries as far back as the last sweep, if one is due, and asks for a read of each
 * record named at which nobody has looked since its delivery failed. Does one call where nothing failed. What it does and how
 * far it came are one transaction. Never throws for what the source does: the report says how it ended, and what was not
 * read is read by the next sweep.
 */
export async function sweepLedger(
  parts: LedgerSweepParts,
  o: { readonly organizationId: string; readonly everyMinutes: number },
): Promise<LedgerReport> {
  if (o.everyMinutes === 0) return { outcome: 'off', ...noCounts }
  const { db, lease } = parts
  const sweep = await db.transaction(async (tx) => {
    await lease.guard(tx)
    return beginLedgerSweep(tx, o.organizationId)
  })
  if (!isDue(sweep, o.everyMinutes)) return { outcome: 'not-due', ...noCounts }
  const found = await readBack(parts, sweep)
  return db.transaction(async (tx) => {
    await lease.guard(tx)
    return settle(parts, tx, { sweep, found })
  })
}

const noCounts = { calls: 0, failures: 0, owed: 0, unknownModules: 0, unreadable: 0 }

function isDue(
  { tried_seconds: tried, unavailable_for: unavailable }: LedgerSweep,
  minutes: number,
): boolean {
  return unavailable === null && (tried === null || tried >= minutes * 60)
}

/** What was read of the list. */
interface Found {
  readonly fresh: FailedDelivery[]
  unreadable: number
  calls: number
  error: TdsError | null
}

async function readBack(parts: LedgerSweepParts, sweep: LedgerSweep): Promise<Found> {
  const found: Found = { fresh: [], unreadable: 0, calls: 0, error: null }
  const known = new Set(sweep.handled)
  const from = readInstant(sweep.read_until) - overlap
  try {
    for (let page = 1; page <= mostPages; page += 1) {
      const wish = { organizationId: sweep.organization_id, page, perPage: rowsPerPage, signal: parts.signal }
      const { failures, unreadable, hasMore } = await parts.ledger.readPage(wish)
      found.calls += 1
      found.unreadable += unreadable
      const recent = failures.filter(({ failedAt }) => failedAt >= from)
      for (const failure of recent) {
        if (known.has(keyOf(failure))) continue
        known.add(keyOf(failure))
        found.fresh.push(failure)
      }
      // A row older than needed ends it; so does a page of which nothing can be read, whatever it says of more.
      if (!hasMore || recent.length < failures.length || failures.length === 0) return found
    }
    log.warn('More deliveries failed than a sweep reads', { pages: mostPages, read: found.fresh.length })
  } catch (error) {
    if (!(error instanceof TdsError)) throw error
    found.error = error
  }
  return found
}

/** The same entry fails anew when somebody has it sent again: then it has another time. */
function keyOf({ id, failedAt }: FailedDelivery): string {
  return `${id}@${String(failedAt)}`
}

async function settle(
  parts: LedgerSweepParts,
  tx: Transaction,
  { sweep, found }: { readonly sweep: LedgerSweep; readonly found: Found },
): Promise<LedgerReport> {
  const { fresh, unreadable, calls, error } = found
  const reads = await unseenRecords(tx, sweep.organization_id, fresh)
  await askForReads(parts.queue, tx, reads)
  const unknown = fresh.filter(({ entityType }) => entityType === null)
  const counts = {
    calls,
    failures: fresh.length,
    owed: reads.length,
    unknownModules: unknown.length,
    unreadable,
  }
  const isUnavailable = error?.code === ledgerUnavailable
  await moveLedgerSweep(tx, sweep.organization_id, {
    ...counts,
    ...placeAfter(sweep, found, await databaseNow(tx)),
    complete: error === null,
    errorCode: error?.code ?? null,
    unavailableSeconds: isUnavailable ? unavailableSeconds : null,
  })
  tell(found, counts)
  const outcome = error === null ? 'swept' : isUnavailable ? 'unavailable' : 'failed'
  return { outcome, ...counts }
}

/**
 * After a failed sweep what was dealt with is remembered, and the place stays: what lies behind it was not read. A time ahead
 * of ours never moves the place, or it would hide what fails until then.
 */
function placeAfter(
  sweep: LedgerSweep,
  { fresh, error }: Found,
  now: Instant,
): Pick<LedgerStep, 'readUntil' | 'handled'> {
  const before = readInstant(sweep.read_until)
  const times = error === null ? fresh.map(({ failedAt }) => Math.min(failedAt, now)) : []
  const reached = times.reduce((latest, time) => Math.max(latest, time), before)
  const dealtWith = [...sweep.handled, ...fresh.map(keyOf)]
  const handled = dealtWith.filter((key) => Number(key.slice(key.lastIndexOf('@') + 1)) >= reached - overlap)
  return { readUntil: writeInstant(reached), handled }
}

/** The reads that are owed: of records that are not here, or at which nobody has looked since. */
async function unseenRecords(
  tx: Transaction,
  organizationId: string,
  failures: readonly FailedDelivery[],
): Promise<ReadRequest[]> {
  const reads: ReadRequest[] = []
  for (const [entityType, failed] of Map.groupBy(failures, (failure) => failure.entityType)) {
    const entity = entityType === null ? undefined : entityOf(entityType)
    if (entity === undefined) continue
    const records = failed.map(({ zohoId, failedAt }) => ({
      zohoId,
      since: writeInstant(failedAt + clockTolerance),
    }))
    for (const zohoId of await recordsUnreadSince(tx, entity, { organizationId, records }))
      reads.push({
        organizationId,
        entityType: entity.type,
        zohoId,
        reason: 'ledger',
        eventId: null,
        delaySeconds: 0,
      })
  }
  return reads
}

function tell({ fresh, error }: Found, counts: Omit<LedgerReport, 'outcome'>): void {
  const modules = new Set(fresh.filter(({ entityType }) => entityType === null).map(({ module }) => module))
  if (modules.size > 0)
    log.warn('Webhooks of kinds of records that are not mirrored have failed', {
      modules: [...modules].slice(0, 20),
    })
  if (error !== null) log.warn('The list of failed webhooks was not read to its end', { error, ...counts })
  else if (counts.failures + counts.unreadable > 0) log.info('failed webhooks found', { ...counts })
}

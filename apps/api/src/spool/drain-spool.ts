import type { IncomingEvent } from '@tds/core'
import { classifyDatabaseError } from '@tds/db'
import { childLogger, counter, poller, type Poller, type TdsError } from '@tds/runtime'
import { judgeVersion } from '@tds/zoho'
import { readSegment, type SegmentFacts } from './segment.ts'
import type { Spool } from './spool.ts'
import { readSpooled, UnreadableRecord } from './spooled-delivery.ts'

const log = childLogger('api:spool')

/** What draining needs. */
export interface SpoolDrainParts {
  readonly spool: Pick<Spool, 'drainable' | 'remove' | 'setAside'>
  /** The database's time; null while it does not answer. */
  readonly databaseTime: () => Date | null
  /**
   * Commits deliveries into the inbox; storing some of them again changes nothing. Tells of each attempt that failed and is
   * made again.
   */
  readonly store: (events: readonly IncomingEvent[], onSetback: (error: unknown) => void) => Promise<unknown>
}

/** Moves what waits, and knows whether Postgres takes it: one that answers need not. */
export interface SpoolDrain extends Poller {
  /** Why what waits could not be stored when that was last tried; null where it could, and where nobody tried. */
  readonly problem: () => TdsError | null
}

const drained = counter({
  name: 'tds_spool_drained_total',
  help: 'Deliveries of the spool that are committed in the inbox; the same one twice after a crash in between.',
})

/** Deliveries in one transaction, as for live intake. */
const mostInBatch = 200
const mostBytesInBatch = 4 * 1024 ** 2

/** Moves what was spooled into the inbox, in order and beside live intake, as soon as Postgres answers. */
export function spoolDrain(parts: SpoolDrainParts): SpoolDrain {
  let problem: TdsError | null = null
  const draining = poller({ name: 'spool-drain', everyMs: 1000, maxBackoffMs: 5000, runOnce: drain })
  return { ...draining, problem: () => problem }

  async function drain(signal: AbortSignal): Promise<Record<string, number>> {
    let setback: unknown = null
    try {
      const numbers = await drainOnce(parts, signal, (error) => {
        setback = error
        problem = classifyDatabaseError(error)
      })
      problem = null
      return numbers
    } catch (error) {
      // That the time was up says less than what took it.
      problem = classifyDatabaseError(setback ?? error)
      throw error
    }
  }
}

async function drainOnce(
  parts: SpoolDrainParts,
  signal: AbortSignal,
  onSetback: (error: unknown) => void,
): Promise<Record<string, number>> {
  if (parts.databaseTime() === null) return { waits: 1 }
  let deliveries = 0
  for (const segment of await parts.spool.drainable()) {
    if (signal.aborted) break
    deliveries += await drainSegment(parts, segment, onSetback)
  }
  if (deliveries > 0) log.info('drained the spool', { deliveries })
  return { deliveries }
}

/** Removes the segment after the commits that hold all of it; until then all of it is stored again, which changes nothing. */
async function drainSegment(
  parts: SpoolDrainParts,
  segment: SegmentFacts,
  onSetback: (error: unknown) => void,
): Promise<number> {
  const events = await soundEvents(parts, segment)
  for (const batch of batchesOf(events)) {
    const now = parts.databaseTime()
    if (now === null) throw new Error('Postgres went away while the spool was drained')
    await parts.store(
      batch.map((event) => judged(event, now)),
      onSetback,
    )
    drained.inc(batch.length)
  }
  await parts.spool.remove(segment)
  return events.length
}

/** The deliveries of a segment; what is damaged in it is set aside first. */
async function soundEvents({ spool }: SpoolDrainParts, segment: SegmentFacts): Promise<IncomingEvent[]> {
  const { records, torn, bytes } = await readSegment(segment)
  for (const { start, end } of torn) {
    const part = { bytes: bytes.subarray(start, end), offset: start, isTail: end === bytes.length }
    await spool.setAside(segment, part)
  }
  const events: IncomingEvent[] = []
  for (const { record, offset } of records) {
    try {
      events.push(readSpooled(record).event)
    } catch (error) {
      if (!(error instanceof UnreadableRecord)) throw error
      await spool.setAside(segment, { bytes: record, offset, isTail: false })
    }
  }
  return events
}

/** A version from the future was not judged while the database's time was unknown. What was promised keeps its id. */
function judged(event: IncomingEvent, now: Date): IncomingEvent {
  const verdict = event.sourceVersion === null ? null : judgeVersion(event.sourceVersion, now)
  if (verdict === null) return event
  return {
    ...event,
    sourceEntityId: null,
    sourceVersion: null,
    payload: null,
    status: 'quarantined',
    errorCode: verdict.reason,
    errorMessage: verdict.detail,
    flags: [],
  }
}

function* batchesOf(events: readonly IncomingEvent[]): Generator<IncomingEvent[]> {
  let batch: IncomingEvent[] = []
  let bytes = 0
  for (const event of events) {
    const size = event.rawBody.length
    if (batch.length > 0 && (batch.length === mostInBatch || bytes + size > mostBytesInBatch)) {
      yield batch
      batch = []
      bytes = 0
    }
    batch.push(event)
    bytes += size
  }
  if (batch.length > 0) yield batch
}

import type { IncomingEvent } from '@tds/core'
import { childLogger, counter, messageOf, poller, service, type Service } from '@tds/runtime'
import { openJournal, type Journal } from './journal.ts'
import type { SegmentFacts } from './segment.ts'
import { setAside, type DamagedPart } from './set-aside.ts'
import { spoolError } from './spool-errors.ts'
import {
  adoptFolder,
  leaveFolder,
  listFolders,
  makeFolder,
  removeSegment,
  type AdoptedFolder,
  type SpoolFolder,
} from './spool-folder.ts'
import { freeSpaceLimits, measureSpace, type SpoolSpace } from './spool-space.ts'
import { runningSpools, sumSegments, type SpoolState } from './spool-state.ts'
import { writeSpooled } from './spooled-delivery.ts'

const log = childLogger('api:spool')

/** Why a delivery went to the spool instead of to Postgres. */
export type SpoolReason = 'away' | 'deadline' | 'overload' | 'closed' | 'database' | 'bug'

/** Keeps deliveries on local disk while Postgres is away. */
export interface Spool extends Service {
  /**
   * Resolves once the delivery is on disk. Throws TdsError `spool_full`, `spool_off`, `spool_unwritable` or `spool_slow`:
   * then nothing was promised.
   */
  put(event: IncomingEvent, why: SpoolReason): Promise<void>
  state(): SpoolState
  /** What can be drained, oldest first; ends the segment that is being written. */
  drainable(): Promise<readonly SegmentFacts[]>
  /** Deletes a segment once all its deliveries are committed. */
  remove(segment: SegmentFacts): Promise<void>
  /** Keeps a damaged part of a segment for a person. */
  setAside(segment: SegmentFacts, part: DamagedPart): Promise<void>
}

/** Where a spool lies and what it may take. */
export interface SpoolOptions {
  readonly dir: string
  /** Bytes under `dir` at most. */
  readonly limit: number
  /** Time for one delivery to be on disk, default 1,500 ms: with the 3 s of the intake before it an answer takes less than 5 s. */
  readonly putMs?: number | undefined
  /** How often space and folders are looked at, default 5 s. */
  readonly watchMs?: number | undefined
  readonly measure?: typeof measureSpace | undefined
}

/** What the smallest delivery takes. */
const leastRecordBytes = 512
/** Records that wait for the disk at most, in bytes. */
const mostWaitingBytes = 64 * 1024 ** 2

const spooled = counter({
  name: 'tds_spooled_deliveries_total',
  help: 'Deliveries put into the spool, by why they did not go to Postgres.',
  labelNames: ['why'],
})

/**
 * Opens the spool of this process: a locked folder of its own, beside which it takes over the folders of apis that are
 * gone. A spool that cannot be opened is no failure to start: it says so, and tries again.
 */
export function createSpool({
  dir,
  limit,
  putMs = 1500,
  watchMs = 5000,
  measure = measureSpace,
}: SpoolOptions): Spool {
  let own: (SpoolFolder & { readonly journal: Journal }) | null = null
  let adopted: AdoptedFolder[] = []
  let space: SpoolSpace | null = null
  let fault: string | null = 'not opened yet'
  let told: string | null = null

  const watch = poller({ name: 'spool-watch', everyMs: watchMs, maxBackoffMs: watchMs, runOnce: lookAfter })
  const lifecycle = service({
    name: 'spool',
    start: async () => {
      await reopen()
      runningSpools.add(state)
      await watch.start()
    },
    stop: async () => {
      await watch.stop()
      runningSpools.delete(state)
      fault = 'stopped'
      await own?.journal.close()
      for (const folder of [...adopted, ...(own === null ? [] : [own])]) await leaveFolder(folder)
      own = null
      adopted = []
    },
  })
  return { ...lifecycle, put, state, drainable, remove, setAside: async (...what) => setAside(dir, ...what) }

  async function put(event: IncomingEvent, why: SpoolReason): Promise<void> {
    const record = writeSpooled({ event, spooledAt: new Date() })
    const problem = problemOf(record.length)
    if (problem !== null) tellChange()
    if (own === null || problem !== null)
      throw spoolError(problem?.code ?? 'spool_unwritable', problem?.message ?? 'The spool is not open')
    await inTime(own.journal.append(record).catch(closeOn))
    spooled.inc({ why })
  }

  /** What could not be written once is not tried with the next delivery, but by the next look. */
  function closeOn(error: unknown): never {
    fault = messageOf(error)
    tellChange()
    throw spoolError('spool_unwritable', 'The spool could not be written to', error)
  }

  async function inTime(written: Promise<void>): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => {
        reject(spoolError('spool_slow', `The delivery was not on disk within ${String(putMs)} ms`))
      }, putMs)
    })
    try {
      await Promise.race([written, late])
    } finally {
      clearTimeout(timer)
    }
  }

  function problemOf(bytes: number): SpoolState['problem'] {
    if (own === null || fault !== null)
      return { code: 'spool_unwritable', message: `The spool cannot be written to: ${fault ?? 'not open'}` }
    if (space !== null && space.freeShare < freeSpaceLimits.off) {
      const percent = String(Math.floor(space.freeShare * 100))
      return { code: 'spool_off', message: `The volume of the spool has ${percent} % left` }
    }
    const waiting = own.journal.waitingBytes()
    if (usedBytes() + waiting + bytes > limit)
      return { code: 'spool_full', message: 'The spool has reached SPOOL_LIMIT' }
    return waiting > mostWaitingBytes
      ? { code: 'spool_slow', message: 'Too many deliveries wait to be written to the spool' }
      : null
  }

  function state(): SpoolState {
    const segments = [...adopted.flatMap((folder) => folder.segments), ...(own?.journal.segments() ?? [])]
    return {
      problem: problemOf(leastRecordBytes),
      ...sumSegments(segments),
      bytes: usedBytes(),
      adoptedFolders: adopted.length,
      tornFiles: space?.tornFiles ?? 0,
      freeShare: space?.freeShare ?? null,
    }
  }

  /** What others were measured to have, and what this one knows that it has. */
  function usedBytes(): number {
    const ownBytes = own?.journal.segments().reduce((sum, { bytes }) => sum + bytes, 0) ?? 0
    return (space?.othersBytes ?? 0) + ownBytes
  }

  async function drainable(): Promise<readonly SegmentFacts[]> {
    const sealed = await own?.journal.seal()
    return [...adopted.flatMap(({ segments }) => segments), ...(sealed ?? [])]
  }

  async function remove(segment: SegmentFacts): Promise<void> {
    await removeSegment(segment)
    own?.journal.forget(segment)
    for (const folder of adopted)
      folder.segments = folder.segments.filter(({ path }) => path !== segment.path)
    await leaveEmptied()
  }

  async function leaveEmptied(): Promise<void> {
    const emptied = adopted.filter(({ segments }) => segments.length === 0)
    adopted = adopted.filter(({ segments }) => segments.length > 0)
    for (const folder of emptied) await leaveFolder(folder)
  }

  /** One look at space and folders; opens the spool anew where it could not be written to. */
  async function lookAfter(): Promise<Record<string, number>> {
    if (fault !== null || own === null || !(await own.lock.isValid())) await reopen()
    else await measureNow()
    if (own !== null) await adoptLeftBehind(own.name)
    tellChange()
    const { records, bytes } = state()
    return { records, bytes, adopted: adopted.length }
  }

  /** After an error the old folder stays locked and is drained like one that was left behind. */
  async function reopen(): Promise<void> {
    try {
      const folder = await makeFolder(dir)
      if (own !== null) await retire(own)
      own = { ...folder, journal: openJournal(folder.path) }
      await measureNow()
      fault = null
    } catch (error) {
      fault = messageOf(error)
    }
    tellChange()
  }

  async function retire({ journal, ...folder }: SpoolFolder & { readonly journal: Journal }): Promise<void> {
    await journal.close()
    adopted.push({ ...folder, segments: journal.segments() })
    await leaveEmptied()
  }

  async function measureNow(): Promise<void> {
    space = await measure(dir, own?.name ?? null)
  }

  async function adoptLeftBehind(ownName: string): Promise<void> {
    const known = new Set([ownName, ...adopted.map(({ name }) => name)])
    for (const name of await listFolders(dir)) {
      const folder = known.has(name) ? null : await adoptFolder(dir, name)
      if (folder !== null) adopted.push(folder)
    }
    await leaveEmptied()
  }

  function tellChange(): void {
    const problem = problemOf(leastRecordBytes)?.message ?? null
    if (problem !== null && told === null) log.error('nothing can be spooled', { problem })
    if (problem === null && told !== null) log.info('the spool takes deliveries')
    told = problem
  }
}

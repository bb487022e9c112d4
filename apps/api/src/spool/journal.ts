import { createSegment, type OpenSegment, type SegmentFacts } from './segment.ts'

/** The segments that this process writes, one after the other. */
export interface Journal {
  /** Resolves once the record is on disk. Throws what the file system says; then nothing is promised. */
  append(record: Buffer): Promise<void>
  /** Ends the segment being written, so that what is in it can be drained; returns all ended ones, oldest first. */
  seal(): Promise<readonly SegmentFacts[]>
  /** Told when a sealed segment has been drained and deleted. */
  forget(segment: SegmentFacts): void
  /** All that is not drained. */
  segments(): readonly SegmentFacts[]
  /** Bytes of records that wait to be written. */
  waitingBytes(): number
  /** Finishes what waits and closes the file. */
  close(): Promise<void>
}

interface WaitingRecord {
  readonly record: Buffer
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

/** A segment of this size is ended: it is read whole, and drained in a handful of transactions. */
const segmentBytes = 4 * 1024 ** 2

/**
 * Writes records in order, and everything that arrives while an fsync is under way with the next one: under load one fsync
 * answers for many deliveries, and a lone one waits for nobody.
 */
export function openJournal(folder: string): Journal {
  let sealed: SegmentFacts[] = []
  let open: OpenSegment | null = null
  let nextNumber = 1
  const waiting: WaitingRecord[] = []
  let waitingBytes = 0
  let turn: Promise<unknown> = Promise.resolve()
  let writeDue = false

  return {
    append: async (record) =>
      new Promise((resolve, reject) => {
        waiting.push({ record, resolve, reject })
        waitingBytes += record.length
        if (!writeDue) void inTurn(writeWaiting)
        writeDue = true
      }),
    seal: async () =>
      inTurn(async () => {
        await endSegment()
        return sealed
      }),
    forget: (segment) => {
      sealed = sealed.filter(({ file }) => file !== segment.file)
    },
    segments: () => (open === null ? sealed : [...sealed, open.facts()]).filter(({ records }) => records > 0),
    waitingBytes: () => waitingBytes,
    close: async () => inTurn(endSegment),
  }

  /** One thing at a time is done with the files. */
  async function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const mine = turn.then(work)
    turn = mine.catch(() => undefined)
    return mine
  }

  /** Never fails: each record is told. */
  async function writeWaiting(): Promise<void> {
    const batch = takeBatch()
    writeDue = waiting.length > 0
    if (writeDue) void inTurn(writeWaiting)
    try {
      open ??= await createSegment(folder, nextNumber++)
      await open.append(
        batch.map(({ record }) => record),
        new Date(),
      )
      tell(batch, ({ resolve }) => {
        resolve()
      })
    } catch (error) {
      tell(batch, ({ reject }) => {
        reject(error)
      })
      await endSegment()
    }
    if ((open?.facts().bytes ?? 0) >= segmentBytes) await endSegment()
  }

  /** Not all of a crowd at once: the first of them would wait for the last. */
  function takeBatch(): WaitingRecord[] {
    let bytes = 0
    const end = waiting.findIndex(({ record }, index) => {
      bytes += record.length
      return index > 0 && bytes > segmentBytes
    })
    return waiting.splice(0, end === -1 ? waiting.length : end)
  }

  function tell(batch: readonly WaitingRecord[], how: (waiting: WaitingRecord) => void): void {
    for (const one of batch) {
      waitingBytes -= one.record.length
      how(one)
    }
  }

  async function endSegment(): Promise<void> {
    const ended = open
    open = null
    if (ended === null) return
    // What was promised is on disk already; an error of closing takes nothing of it back.
    await ended.close().catch(() => undefined)
    sealed = [...sealed, ended.facts()]
  }
}

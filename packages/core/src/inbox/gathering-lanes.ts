import type { HeldDelivery } from './held-deliveries.ts'

/** How deliveries gather, and who stores what has gathered. */
export interface LaneOptions {
  readonly lanes: number
  readonly maxBatch: number
  readonly maxBatchBytes: number
  readonly gatherCount: number
  readonly gatherMs: number
  /** Stores a batch and answers each of it; never fails. */
  readonly store: (batch: readonly HeldDelivery[], lane: number) => Promise<void>
  /** Told when a batch has been stored and the next has got its lane. */
  readonly onStored: () => void
}

/** Deliveries on their way into transactions: gathering, or in a lane. */
export interface GatheringLanes {
  add(delivery: HeldDelivery): void
  /** Leaves out what gathers and is no longer wanted. */
  keepOnly(isWanted: (delivery: HeldDelivery) => boolean): void
  /** Deliveries that have no lane yet. */
  waiting(): number
  /** True while no lane stores anything. */
  areFree(): boolean
}

/**
 * Gathers deliveries that arrive at the same time into one batch: what arrives while a lane is busy goes together, in the
 * next one that is free; a lone delivery finds all of them free and does not wait for company.
 */
export function createGatheringLanes(options: LaneOptions): GatheringLanes {
  const { lanes, maxBatch, maxBatchBytes, gatherCount, gatherMs, store, onStored } = options
  const freeLanes = Array.from({ length: lanes }, (_, lane) => lane)
  let waiting: HeldDelivery[] = []
  let flushDue = false
  let gatherTimer: NodeJS.Timeout | undefined

  return {
    add: (delivery) => {
      waiting.push(delivery)
      scheduleFlush()
    },
    keepOnly: (isWanted) => {
      waiting = waiting.filter(isWanted)
    },
    waiting: () => waiting.length,
    areFree: () => freeLanes.length === lanes,
  }

  // At the end of this turn of the event loop, so that what arrived in the same moment goes together.
  function scheduleFlush(): void {
    if (flushDue || freeLanes.length === 0) return
    flushDue = true
    setImmediate(() => {
      flushDue = false
      flush()
    })
  }

  function flush(): void {
    clearTimeout(gatherTimer)
    while (waiting.length > 0) {
      const gatheringMs = stillToGather()
      if (gatheringMs > 0) {
        gatherTimer = setTimeout(flush, gatheringMs)
        return
      }
      const lane = freeLanes.pop()
      if (lane === undefined) return
      void store(takeBatch(), lane).then(() => {
        freeLanes.push(lane)
        flush()
        onStored()
      })
    }
  }

  /** Milliseconds that what waits should go on gathering; 0 when it is enough, or nothing is under way that it could wait for. */
  function stillToGather(): number {
    const [oldest] = waiting
    if (freeLanes.length === lanes || oldest === undefined || waiting.length >= gatherCount) return 0
    return Math.max(0, gatherMs - (performance.now() - oldest.acceptedAt))
  }

  function takeBatch(): HeldDelivery[] {
    let bytes = 0
    const end = waiting.findIndex((delivery, index) => {
      bytes += delivery.event.rawBody.length
      return index === maxBatch || (index > 0 && bytes > maxBatchBytes)
    })
    const batch = end === -1 ? waiting : waiting.slice(0, end)
    waiting = end === -1 ? [] : waiting.slice(end)
    return batch
  }
}

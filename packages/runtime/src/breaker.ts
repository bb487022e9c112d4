import { EventEmitter } from 'node:events'
import CircuitBreaker from 'opossum'
import { systemClock, type Clock } from './clock.ts'

/** When too many calls have failed. */
export interface BreakerOptions {
  readonly name: string
  /** How far back calls count. */
  readonly windowMs: number
  /** Fewer calls than this say nothing. */
  readonly volumeThreshold: number
  /** It trips when more than this share of them has failed. */
  readonly errorThresholdPercentage: number
  readonly clock?: Clock | undefined
}

/** What this process has seen of a service lately. */
export interface Breaker {
  /** Counts one call; a failure may trip it. */
  note(call: 'succeeded' | 'failed'): Promise<void>
  readonly tripped: boolean
  /** Begins anew, with nothing seen. */
  reset(): void
}

/**
 * Counts calls in a rolling window and trips when too many of them failed. It never closes by itself: whoever acts on it
 * decides that, because other processes call the same service. It keeps no timer running.
 */
export function breaker(options: BreakerOptions): Breaker {
  const clock = options.clock ?? systemClock
  const bucketMs = options.windowMs / buckets
  const turning = new EventEmitter()
  let circuit = makeCircuit(options, turning)
  let turnedMs = clock.monotonicMs()

  /** Moves the window on to now. More than all of its buckets need not be turned. */
  function turn(): void {
    const due = Math.floor((clock.monotonicMs() - turnedMs) / bucketMs)
    turnedMs += due * bucketMs
    for (let turns = Math.min(due, buckets); turns > 0; turns -= 1) turning.emit('rotate')
  }

  return {
    note: async (call) => {
      turn()
      // What the call threw has been dealt with by whoever made it; here it only counts.
      await circuit.fire(call).catch(() => undefined)
    },
    get tripped() {
      return circuit.opened
    },
    reset: () => {
      circuit.shutdown()
      circuit = makeCircuit(options, turning)
    },
  }
}

const buckets = 12

/** As far away as a timer reaches: it must not half open without being asked. */
const neverMs = 2 ** 31 - 1

function makeCircuit(options: BreakerOptions, turning: EventEmitter): CircuitBreaker<[string], void> {
  return new CircuitBreaker<[string], void>(
    (call) => (call === 'failed' ? Promise.reject(new Error('the call failed')) : Promise.resolve()),
    {
      name: options.name,
      timeout: false,
      resetTimeout: neverMs,
      rollingCountTimeout: options.windowMs,
      rollingCountBuckets: buckets,
      rollingPercentilesEnabled: false,
      enableSnapshots: false,
      rotateBucketController: turning,
      volumeThreshold: options.volumeThreshold,
      errorThresholdPercentage: options.errorThresholdPercentage,
    },
  )
}

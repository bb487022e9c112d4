import { setImmediate } from 'node:timers/promises'
import { backoffMs } from './backoff.ts'
import { systemClock, type Clock } from './clock.ts'
import { TdsError } from './errors.ts'
import { childLogger } from './logger.ts'
import { counter, gauge, histogram } from './metrics.ts'
import { service, type Service } from './service.ts'

const log = childLogger('runtime:poller')

/** A service that does the same thing again and again. */
export interface Poller extends Service {
  /** Asks for a pass at once, or for one more if one is running. During a back-off it waits for its end. */
  readonly wake: () => void
  /** When a pass last ended well; null before the first. */
  readonly lastSuccessAt: () => Date | null
}

/** What makes one loop different from another. */
export interface PollerOptions {
  name: string
  /** From the end of a pass to the next one, in milliseconds; a function is asked every time. */
  everyMs: number | (() => number)
  /** Share of the interval by which each wait is lengthened at random, so that daemons spread; default 0.1. */
  jitter?: number | undefined
  /**
   * One pass; returns what it did as numbers, for log and metrics. `{ more: 1 }` (anything but 0) says that
   * there is more to do: the next pass follows at once. The signal aborts when the poller is being stopped.
   */
  runOnce: (signal: AbortSignal) => Promise<Record<string, number>>
  /** No wait after failures is longer; default 10 s, or the interval if that is longer. */
  maxBackoffMs?: number | undefined
  clock?: Clock | undefined
  random?: (() => number) | undefined
}

const passes = counter({
  name: 'tds_poller_passes_total',
  help: 'Passes of each loop by outcome.',
  labelNames: ['poller', 'outcome'],
})
const passSeconds = histogram({
  name: 'tds_poller_pass_seconds',
  help: 'Duration of one pass of each loop.',
  labelNames: ['poller'],
})
const lastSuccess = gauge({
  name: 'tds_poller_last_success_timestamp_seconds',
  help: 'When a pass of each loop last ended well, as Unix time.',
  labelNames: ['poller'],
})

/**
 * The one loop of the product: passes never overlap, can be woken early, and `stop()` waits for the pass in
 * flight. A pass that throws is logged and tried again after a growing wait; the loop itself never dies.
 */
export function poller(options: PollerOptions): Poller {
  const { name, clock = systemClock, random = Math.random, jitter = 0.1 } = options
  let succeededAt: Date | null = null
  let woken = false
  let failures = 0
  let nap = new AbortController()
  let napIsWakeable = false
  let looping: Promise<void> = Promise.resolve()
  let stopping = new AbortController()

  const loopService = service({
    name,
    start: () => {
      stopping = new AbortController()
      woken = false
      failures = 0
      looping = loop(stopping.signal)
    },
    stop: async () => {
      stopping.abort()
      nap.abort()
      await looping
    },
  })

  async function loop(signal: AbortSignal): Promise<void> {
    // Only the jitter: a daemon does something at once, but not all daemons of a host in the same moment.
    await rest(random() * jitter * intervalMs(), { signal, wakeable: true })
    while (!signal.aborted) {
      const more = await pass(signal)
      if (failures > 0) await rest(backoff(), { signal, wakeable: false })
      else if (!more) await rest(intervalMs() * (1 + random() * jitter), { signal, wakeable: true })
      // A pass that never waits for anything must not keep everything else from running, stop() first of all.
      await setImmediate()
    }
  }

  async function pass(signal: AbortSignal): Promise<boolean> {
    woken = false
    const startedMs = clock.monotonicMs()
    try {
      const numbers = await options.runOnce(signal)
      succeed(numbers, clock.monotonicMs() - startedMs)
      return (numbers['more'] ?? 0) !== 0
    } catch (error) {
      fail(error, signal)
      return false
    } finally {
      passSeconds.observe({ poller: name }, (clock.monotonicMs() - startedMs) / 1000)
    }
  }

  function succeed(numbers: Record<string, number>, tookMs: number): void {
    succeededAt = clock.now()
    passes.inc({ poller: name, outcome: 'succeeded' })
    lastSuccess.set({ poller: name }, succeededAt.getTime() / 1000)
    if (failures > 0) log.info('a loop works again', { poller: name, failures })
    failures = 0
    log.debug('pass done', { poller: name, ms: Math.round(tookMs), ...numbers })
  }

  function fail(error: unknown, signal: AbortSignal): void {
    if (signal.aborted) {
      passes.inc({ poller: name, outcome: 'interrupted' })
      log.debug('pass interrupted by stop', { poller: name, error })
      return
    }
    failures += 1
    passes.inc({ poller: name, outcome: 'failed' })
    log.error('pass failed', { poller: name, failures, error })
  }

  function backoff(): number {
    const baseMs = intervalMs()
    const maxMs = options.maxBackoffMs ?? Math.max(10_000, baseMs)
    // Half of the interval at least: full jitter alone may come back at once.
    return Math.max(backoffMs({ attempt: failures, baseMs, maxMs, random }), Math.min(baseMs, maxMs) / 2)
  }

  async function rest(
    ms: number,
    { signal, wakeable }: { signal: AbortSignal; wakeable: boolean },
  ): Promise<void> {
    if (signal.aborted || (wakeable && woken)) return
    nap = new AbortController()
    napIsWakeable = wakeable
    await clock.sleep(ms, nap.signal)
    napIsWakeable = false
  }

  function wake(): void {
    woken = true
    if (napIsWakeable) nap.abort()
  }

  function intervalMs(): number {
    try {
      return checkedInterval(
        name,
        typeof options.everyMs === 'function' ? options.everyMs() : options.everyMs,
      )
    } catch (error) {
      log.error('the interval cannot be used, a minute is taken instead', { poller: name, error })
      return 60_000
    }
  }

  if (typeof options.everyMs === 'number') checkedInterval(name, options.everyMs)
  return { ...loopService, wake, lastSuccessAt: () => succeededAt }
}

function checkedInterval(name: string, everyMs: number): number {
  if (Number.isFinite(everyMs) && everyMs >= 1) return everyMs
  throw new TdsError(`the interval of ${name} is ${String(everyMs)} ms`, {
    code: 'poller_interval',
    disposition: 'reject',
    nextStep: 'Give an interval of at least one millisecond.',
    facts: { poller: name },
  })
}

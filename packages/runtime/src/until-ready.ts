import { backoffMs } from './backoff.ts'
import { systemClock, type Clock } from './clock.ts'
import { messageOf } from './errors.ts'
import type { Readiness } from './health.ts'
import { isAborted } from './is-aborted.ts'
import { childLogger } from './logger.ts'
import { service, stoppedWhileStarting, type Service } from './service.ts'

const log = childLogger('runtime:until-ready')

/** What is waited for, and what may only start afterwards. */
export interface UntilReadyOptions {
  /** What is waited for, as in "waiting for the database". */
  name: string
  /** One try: resolves when it is there and fit for use. Must end by itself (time-outs are its own matter). */
  attempt: (signal: AbortSignal) => Promise<void>
  /** Whether an error of `attempt`, or of starting `service`, passes by itself. Any other ends the waiting. */
  isTransient: (error: unknown) => boolean
  /** Started once an attempt has succeeded; usually a `serviceGroup` of all that does the daemon's work. */
  service: Service
  /** Told of an error that does not pass once `start()` has returned; give it `DaemonControl.fail`. */
  onFailure: (error: unknown) => void
  /** Waits between tries: full jitter, doubling from `baseMs` (500) to `maxMs` (5000). */
  baseMs?: number | undefined
  maxMs?: number | undefined
  clock?: Clock | undefined
}

/** A service that is there at once and does its work as soon as it can. */
export interface ReadyGate extends Service {
  /** Whether the service behind the gate runs, and if not what it waits for; for `createHealth({ ready })`. */
  readonly readiness: () => Readiness
}

/**
 * The boot of every daemon that needs something outside: stay up, say "not ready", keep trying; but give up at
 * once on what no waiting cures.
 *
 * `start()` makes the first try itself. If that works, `service` runs when it returns. If it fails for good (wrong
 * schema, refused password), `start()` throws that error, and `run()` exits as the error asks. If it fails for
 * now, `start()` returns and the tries go on behind it: a health server started *before* the gate answers "not
 * ready" meanwhile. A failure for good in that phase goes to `onFailure`.
 *
 * `stop()` ends the waiting, or stops `service` if it runs.
 *
 * @example
 * const gate = untilReady({ name: 'database', attempt: () => verifyDatabase(db), isTransient, service: work, onFailure: control.fail })
 * const health = createHealth({ daemon, version, checks, ready: gate.readiness })
 * return serviceGroup('worker', [healthServer({ …, health }), gate])
 */
export function untilReady(options: UntilReadyOptions): ReadyGate {
  const { name, baseMs = 500, maxMs = 5000, clock = systemClock } = options
  let readiness: Readiness = notReady('not started')
  let abort = new AbortController()
  let waiting: Promise<void> = Promise.resolve()

  const lifecycle = service({
    name: `until-ready:${name}`,
    start: async (starting) => {
      abort = new AbortController()
      starting.addEventListener('abort', () => {
        abort.abort()
      })
      readiness = notReady(`waiting for the ${name}`)
      waiting = Promise.resolve()
      const failure = await tryOnce(abort.signal)
      if (failure !== null) waiting = keepTrying(failure, abort.signal)
    },
    stop: async () => {
      readiness = notReady('stopping')
      abort.abort()
      await waiting
      await options.service.stop()
    },
  })

  // Null when it is ready; the error when it is worth another try.
  async function tryOnce(signal: AbortSignal): Promise<{ error: unknown } | null> {
    try {
      await options.attempt(signal)
      if (signal.aborted) throw stoppedWhileStarting(name)
      await startBehind(signal)
      if (!isAborted(signal)) readiness = { ready: true, detail: `the ${name} is there and everything runs` }
      return null
    } catch (error) {
      if (isAborted(signal) || !options.isTransient(error)) throw error
      readiness = notReady(`waiting for the ${name}: ${messageOf(error)}`)
      return { error }
    }
  }

  async function startBehind(signal: AbortSignal): Promise<void> {
    // A start that waits for something itself ends when it is stopped.
    const giveUp = (): void => {
      options.service.stop().catch((error: unknown) => {
        log.error('did not stop while starting', { service: options.service.name, error })
      })
    }
    signal.addEventListener('abort', giveUp)
    try {
      await options.service.start()
    } finally {
      signal.removeEventListener('abort', giveUp)
    }
  }

  async function keepTrying(first: { error: unknown }, signal: AbortSignal): Promise<void> {
    const sinceMs = clock.monotonicMs()
    const tell = everyMinute(clock)
    let failure: { error: unknown } | null = first
    try {
      for (let attempt = 1; failure !== null; attempt += 1) {
        tell(`waiting for the ${name}`, { attempts: attempt, error: failure.error })
        await clock.sleep(baseMs / 2 + backoffMs({ attempt, baseMs, maxMs: maxMs - baseMs / 2 }), signal)
        if (signal.aborted) return
        failure = await tryOnce(signal)
      }
      log.info(`the ${name} is there`, { waitedMs: Math.round(clock.monotonicMs() - sinceMs) })
    } catch (error) {
      if (signal.aborted) return
      readiness = notReady(`given up: ${messageOf(error)}`)
      options.onFailure(error)
    }
  }

  return { ...lifecycle, readiness: () => readiness }
}

function notReady(detail: string): Readiness {
  return { ready: false, detail }
}

// An outage of an hour is one line a minute, not one a try.
function everyMinute(clock: Clock): (message: string, facts: Record<string, unknown>) => void {
  let toldMs = -Infinity
  return (message, facts) => {
    const nowMs = clock.monotonicMs()
    if (nowMs - toldMs < 60_000) return
    toldMs = nowMs
    log.warn(message, facts)
  }
}

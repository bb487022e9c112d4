import { TdsError } from './errors.ts'
import { isAborted } from './is-aborted.ts'

/**
 * Anything that lives as long as a daemon.
 *
 * `start()` resolves once it is started. `stop()` may be called at any time (before start, during start,
 * twice, at once from two places) and everything is finished when it returns. Afterwards it can be started again.
 */
export interface Service {
  readonly name: string
  start(): Promise<void>
  stop(): Promise<void>
}

/** What makes one service different from another. */
export interface ServiceOptions {
  name: string
  /** Starts it. The signal aborts when somebody stops it meanwhile; a start that fails cleans up after itself. */
  start: (signal: AbortSignal) => Promise<void> | void
  /** Stops it. Called once for each successful start, never before or beside it. */
  stop: () => Promise<void> | void
}

/** Makes a `Service` from two plain functions and takes care of the order in which they may run. */
export function service(options: ServiceOptions): Service {
  let state: 'stopped' | 'starting' | 'started' | 'stopping' = 'stopped'
  let abort = new AbortController()
  let started: Promise<void> = Promise.resolve()
  let stopped: Promise<void> = Promise.resolve()
  let stopCalls = 0

  async function start(): Promise<void> {
    if (state === 'stopping') await waitForStop()
    if (state === 'stopped') {
      state = 'starting'
      abort = new AbortController()
      // A turn later, so that a stop() from inside the start function finds `started` already set.
      started = Promise.resolve(abort.signal).then(launch)
    }
    return started
  }

  async function waitForStop(): Promise<void> {
    const callsBefore = stopCalls
    await stopped.catch(() => undefined)
    // Somebody called stop() after this start(): the last word counts.
    if (stopCalls !== callsBefore) throw stoppedWhileStarting(options.name)
  }

  async function launch(signal: AbortSignal): Promise<void> {
    try {
      if (signal.aborted) throw stoppedWhileStarting(options.name)
      await options.start(signal)
      if (!isAborted(signal)) state = 'started'
    } catch (error) {
      if (!isAborted(signal)) state = 'stopped'
      throw error
    }
  }

  async function stop(): Promise<void> {
    stopCalls += 1
    if (state === 'starting' || state === 'started') {
      state = 'stopping'
      abort.abort()
      stopped = tearDown(started)
    }
    return state === 'stopping' ? stopped : undefined
  }

  async function tearDown(starting: Promise<void>): Promise<void> {
    const hadStarted = await starting.then(
      () => true,
      () => false,
    )
    try {
      if (hadStarted) await options.stop()
    } finally {
      state = 'stopped'
    }
  }

  return { name: options.name, start, stop }
}

/** The error of a `start()` that was overtaken by a `stop()`; nothing is wrong, and nothing runs. */
export function stoppedWhileStarting(name: string): TdsError {
  return new TdsError(`${name} was stopped before it had started`, {
    code: 'stopped',
    disposition: 'retry',
    nextStep: 'Nothing: somebody asked it to stop.',
  })
}

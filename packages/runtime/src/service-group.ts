import { TdsError, messageOf } from './errors.ts'
import { isAborted } from './is-aborted.ts'
import { childLogger } from './logger.ts'
import { service, stoppedWhileStarting, type Service } from './service.ts'

const log = childLogger('runtime:service-group')

/** What may be set about a group. */
export interface ServiceGroupOptions {
  /**
   * Time for the whole group to stop, default 20 s. Every service gets what its predecessors left of it, but
   * always a tenth of the whole, so that one that hangs does not take the others' chance to close properly.
   */
  stopTimeoutMs?: number | undefined
}

interface Interruption {
  signal: AbortSignal
  aborted: Promise<void>
}

interface StopFailure {
  service: string
  error: unknown
}

/**
 * Makes one service of several: started in the order given, stopped in reverse, in bounded time.
 *
 * A service that fails to start stops those started before it, and `start()` throws its error. `stop()` stops
 * every service whatever the others do, then throws one `stop_failed` that names all that failed or hung.
 */
export function serviceGroup(
  name: string,
  services: readonly Service[],
  { stopTimeoutMs = 20_000 }: ServiceGroupOptions = {},
): Service {
  return service({
    name,
    start: (signal) => startInOrder(signal),
    stop: () => stopInReverse(services),
  })

  async function startInOrder(signal: AbortSignal): Promise<void> {
    const aborted = new Promise<void>((resolve) => {
      signal.addEventListener('abort', () => {
        resolve()
      })
    })
    for (const [position, member] of services.entries()) {
      try {
        await startOne(member, { signal, aborted })
      } catch (error) {
        await stopAfterFailedStart(services.slice(0, position))
        throw error
      }
      log.debug('service started', { service: member.name, group: name })
    }
  }

  async function startOne(member: Service, { signal, aborted }: Interruption): Promise<void> {
    if (signal.aborted) throw stoppedWhileStarting(name)
    try {
      await Promise.race([member.start(), aborted])
    } catch (error) {
      if (!isAborted(signal)) throw error
    }
    if (!isAborted(signal)) return
    // A start that never ends can only be ended by its own stop().
    await stopWithin(member, stopTimeoutMs)
    throw stoppedWhileStarting(name)
  }

  async function stopAfterFailedStart(started: readonly Service[]): Promise<void> {
    try {
      await stopInReverse(started)
    } catch (error) {
      // The failed start is what the caller has to hear of; this only came after it.
      log.error('services did not stop after a failed start', { group: name, error })
    }
  }

  async function stopInReverse(started: readonly Service[]): Promise<void> {
    const deadline = performance.now() + stopTimeoutMs
    const failures: StopFailure[] = []
    for (const member of started.toReversed()) {
      const failure = await stopOne(member, deadline)
      if (failure !== null) failures.push(failure)
    }
    if (failures.length > 0) throw stopFailed(name, failures)
  }

  async function stopOne(member: Service, deadline: number): Promise<StopFailure | null> {
    try {
      await stopWithin(member, Math.max(deadline - performance.now(), stopTimeoutMs / 10))
      log.debug('service stopped', { service: member.name, group: name })
      return null
    } catch (error) {
      return { service: member.name, error }
    }
  }
}

async function stopWithin(member: Service, timeoutMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const timeout = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(stopTimedOut(member.name, timeoutMs))
    }, timeoutMs)
  })
  try {
    await Promise.race([member.stop(), timeout])
  } finally {
    clearTimeout(timer)
  }
}

function stopTimedOut(name: string, timeoutMs: number): TdsError {
  return new TdsError(`${name} did not stop within ${String(Math.round(timeoutMs))} ms`, {
    code: 'stop_timeout',
    disposition: 'retry',
    nextStep:
      'Look at what it was doing in the log lines before; its work in flight is taken over by others.',
  })
}

function stopFailed(group: string, failures: readonly StopFailure[]): TdsError {
  const told = failures.map(({ service: name, error }) => `${name}: ${messageOf(error)}`)
  return new TdsError(`${group} did not stop cleanly: ${told.join('; ')}`, {
    code: 'stop_failed',
    disposition: 'retry',
    nextStep: 'Look at the service named; the process ends all the same.',
    facts: { services: failures.map((failure) => failure.service) },
    cause: new AggregateError(
      failures.map((failure) => failure.error),
      'services that did not stop',
    ),
  })
}

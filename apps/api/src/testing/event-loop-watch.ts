import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as pause } from 'node:timers/promises'

/** Looks at the event loop of this process, in which the api of a test runs as well. */
export interface EventLoopWatch {
  /** Ends the watch and says for how long the loop was blocked at the longest, in milliseconds. */
  end(): Promise<number>
}

/** What the product promises: nothing that is sent to it keeps the event loop from turning for this long. */
export const mostBlockedMs = 200

const everyMs = 10

/**
 * Watches the event loop until it is told to end. A pause counts as far as this thread was computing in it: where more
 * processes want to run than there are cores, a thread waits without doing anything, and nothing was blocked by us.
 */
export function watchEventLoop(): EventLoopWatch {
  const delays = monitorEventLoopDelay({ resolution: everyMs })
  let longestWork = 0
  let before = process.threadCpuUsage()
  const sampling = setInterval(() => {
    const used = process.threadCpuUsage(before)
    before = process.threadCpuUsage()
    longestWork = Math.max(longestWork, (used.user + used.system) / 1000)
  }, everyMs)
  // A test that failed before the end must not keep the run from ending.
  sampling.unref()
  delays.enable()
  return {
    end: async () => {
      // What came right before the end is only seen when the loop turns again.
      await pause(2 * everyMs)
      delays.disable()
      clearInterval(sampling)
      return Math.min(delays.max / 1e6, longestWork)
    },
  }
}

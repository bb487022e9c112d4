import { statfs } from 'node:fs/promises'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { getHeapStatistics } from 'node:v8'
import type { HealthCheck, HealthResult } from './health.ts'
import { gauge } from './metrics.ts'

/** From where on this process, or the machine beneath it, degrades a daemon. */
export const processThresholds = {
  /** How late the event loop ran, of 99 in 100 turns of the last minute. */
  eventLoopLagMs: { degraded: 1000 },
  /** Share of the heap that Node may use at most. */
  heapShare: { degraded: 0.85 },
  /** Share that is free on the volume the daemon runs on. */
  diskFreeShare: { degraded: 0.1 },
} as const

const windowMs = 60_000
const diskFree = gauge({
  name: 'tds_disk_free_ratio',
  help: 'Share that is free on the volume the daemon runs on.',
  async collect(free) {
    free.set((await freeDisk()).share)
  },
})

/** Checks of what a process needs of its machine; the same for every daemon. Their figures are in `/metrics` as well. */
export function processChecks(): HealthCheck[] {
  return [
    { name: 'event loop', check: eventLoopCheck() },
    { name: 'memory', check: judgeMemory },
    { name: 'disk', check: judgeDisk },
  ]
}

function eventLoopCheck(): () => HealthResult {
  const lag = monitorEventLoopDelay({ resolution: 20 })
  lag.enable()
  let since = performance.now()
  let before = 0
  return () => {
    const now = lag.count > 0 ? lag.percentile(99) / 1e6 : 0
    const ms = Math.round(Math.max(now, before))
    if (performance.now() - since > windowMs) {
      before = now
      since = performance.now()
      lag.reset()
    }
    return {
      status: ms >= processThresholds.eventLoopLagMs.degraded ? 'degraded' : 'healthy',
      detail: `99 in 100 turns came within ${String(ms)} ms.`,
      facts: { lagMs: ms },
    }
  }
}

function judgeMemory(): HealthResult {
  const { used_heap_size: used, heap_size_limit: limit } = getHeapStatistics()
  const share = used / limit
  return {
    status: share >= processThresholds.heapShare.degraded ? 'degraded' : 'healthy',
    detail: `${inMegabytes(used)} MB of the heap's ${inMegabytes(limit)} MB are used.`,
    facts: { heapBytes: used, heapLimitBytes: limit, residentBytes: process.memoryUsage.rss() },
  }
}

async function judgeDisk(): Promise<HealthResult> {
  const { share, bytes } = await freeDisk()
  diskFree.set(share)
  return {
    status: share < processThresholds.diskFreeShare.degraded ? 'degraded' : 'healthy',
    detail: `${String(Math.round(share * 100))} % of the volume are free.`,
    facts: { freeBytes: bytes },
  }
}

async function freeDisk(): Promise<{ share: number; bytes: number }> {
  const { bavail, blocks, bsize } = await statfs('.')
  return { share: blocks === 0 ? 1 : bavail / blocks, bytes: bavail * bsize }
}

function inMegabytes(bytes: number): string {
  return String(Math.round(bytes / 1024 / 1024))
}

import { rushOfReads } from '../testing/index.ts'

describe('four workers that begin to read from Zoho in the same moment', () => {
  it('F-20: share one budget: Zoho refuses nothing, and each of them takes part', async () => {
    // Less than a minute holds, so that nobody waits for the next one: rush-of-reads.long.ts goes beyond that.
    const limits = { perMinute: 600, inFlight: 4 }
    const report = await rushOfReads({
      ...limits,
      events: 200,
      workers: 4,
      latencyMs: 100,
      withinMs: 120_000,
    })
    expect(report).toMatchObject({ applied: 200, deadLetters: 0, refused: 0 })
    expect(report.calls).toBeGreaterThanOrEqual(200)
    // As many as may be in flight are, and never one more.
    expect(report.mostInFlight).toBe(limits.inFlight)
    expect(report.callsOfWorkers).toHaveLength(4)
  }, 240_000)
})

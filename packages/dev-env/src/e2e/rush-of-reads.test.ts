import { rushOfReads } from '../testing/index.ts'

describe('four workers that begin to read from Zoho in the same moment', () => {
  it('F-20: share one budget: Zoho refuses nothing, and each of them takes part', async () => {
    const limits = { perMinute: 120, inFlight: 5 }
    const report = await rushOfReads({
      ...limits,
      events: 150,
      workers: 4,
      latencyMs: 50,
      withinMs: 120_000,
    })
    expect(report).toMatchObject({ applied: 150, deadLetters: 0, refused: 0 })
    expect(report.calls).toBeGreaterThanOrEqual(150)
    // The limit of the minute is reached, and never crossed.
    expect(report.mostInMinute).toBe(limits.perMinute)
    expect(report.mostInFlight).toBeLessThanOrEqual(limits.inFlight)
    expect(report.callsOfWorkers).toHaveLength(4)
  }, 240_000)
})

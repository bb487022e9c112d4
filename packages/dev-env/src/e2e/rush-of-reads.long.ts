import { rushOfReads } from '../testing/index.ts'

describe('5,000 events that need a read, and four workers that start in the same moment', () => {
  it('F-20: are read within the minutes that the limit allows: Zoho refuses nothing, and each worker takes part', async () => {
    const limits = { perMinute: 1000, inFlight: 10 }
    const report = await rushOfReads({
      ...limits,
      events: 5000,
      workers: 4,
      latencyMs: 20,
      withinMs: 900_000,
    })
    console.info(JSON.stringify(report))
    expect(report).toMatchObject({ applied: 5000, deadLetters: 0, refused: 0 })
    expect(report.mostInMinute).toBeLessThanOrEqual(limits.perMinute)
    expect(report.mostInFlight).toBeLessThanOrEqual(limits.inFlight)
    expect(report.callsOfWorkers).toHaveLength(4)
  }, 1_200_000)
})

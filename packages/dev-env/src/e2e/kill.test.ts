import { randomInt } from 'node:crypto'

import { type EndToEnd, killRounds, startEndToEnd } from '../testing/index.ts'

describe('kill -9 of api and workers in the middle of a stream', () => {
  const seed = Number(process.env['TDS_SEED'] ?? randomInt(1_000_000))
  let world: EndToEnd

  beforeAll(async () => {
    world = await startEndToEnd({ workers: 2 })
  }, 60_000)

  afterAll(async () => {
    await world.stop()
  })

  it('loses nothing it promised and leaves no trace in the mirror or its history', async () => {
    const report = await killRounds(world, {
      seed,
      deliveries: 600,
      ratePerSecond: 60,
      mostKills: 12,
      pauseMs: 1500,
      restWithinMs: 90_000,
    })
    console.info(JSON.stringify({ TDS_SEED: seed, ...report, broken: report.broken.length }))
    expect(report.broken).toEqual([])
    expect(report.attempts.unknown).toBeGreaterThan(0)
    expect(report.kills).toBeGreaterThanOrEqual(5)
  }, 180_000)
})

import { randomInt } from 'node:crypto'

import { type EndToEnd, killRounds, startEndToEnd } from '../testing/index.ts'

describe('kill -9 of api and workers during 5,000 webhooks', () => {
  const seed = Number(process.env['TDS_SEED'] ?? randomInt(1_000_000))
  let world: EndToEnd

  beforeAll(async () => {
    world = await startEndToEnd({ workers: 3 })
  }, 60_000)

  afterAll(async () => {
    await world.stop()
  })

  it(`loses nothing it promised and leaves no trace in the mirror or its history (TDS_SEED=${String(seed)})`, async () => {
    const report = await killRounds(world, {
      seed,
      deliveries: 5000,
      ratePerSecond: 50,
      mostKills: 100,
      pauseMs: 4000,
      restWithinMs: 120_000,
    })
    console.info(JSON.stringify({ ...report, broken: report.broken.length }))
    expect(report.broken).toEqual([])
    expect(report.attempts.unknown).toBeGreaterThan(0)
    expect(report.kills).toBeGreaterThanOrEqual(20)
  }, 900_000)
})

import { randomInt } from 'node:crypto'
import { startApiWorld, type ApiWorld } from '../testing/api-world.ts'
import { runHostileRequests } from '../testing/hostile-run.ts'

const seed = Number(process.env['TDS_SEED'] ?? randomInt(1_000_000_000))

describe(`the api under hostile requests (TDS_SEED=${String(seed)})`, () => {
  let world: ApiWorld

  beforeAll(async () => {
    world = await startApiWorld()
  })
  afterAll(async () => {
    await world.stop()
  })

  it('answers 3,000 of them as prescribed and keeps every authentic one', async () => {
    const report = await runHostileRequests(world, { seed, requests: 3000, mostAnswerMs: 20_000 })
    expect(report.broken).toEqual([])
    expect(report.rows + report.duplicates).toBe(report.authentic)
    expect(report.authentic).toBeGreaterThan(1000)
  }, 120_000)
})

import { randomInt } from 'node:crypto'
import { startApiWorld, type ApiWorld } from '../testing/api-world.ts'
import { mostBlockedMs } from '../testing/event-loop-watch.ts'
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

  it('answers 100,000 of them as prescribed, keeps every authentic one and never blocks', async () => {
    const report = await runHostileRequests(world, { seed, requests: 100_000 })
    // eslint-disable-next-line no-console -- docs/operations/hostile-input.md keeps these figures.
    console.info(JSON.stringify({ TDS_SEED: seed, ...report, broken: report.broken.length }))
    expect(report.broken).toEqual([])
    expect(report.rows + report.duplicates).toBe(report.authentic)
    expect(report.authentic).toBeGreaterThan(40_000)
    expect(report.longestBlockMs).toBeLessThan(mostBlockedMs)
  }, 1_800_000)
})

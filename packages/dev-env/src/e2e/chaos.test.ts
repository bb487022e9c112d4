import { randomInt } from 'node:crypto'

import { chaosFaults } from '../testing/chaos/faults.ts'
import { runChaos } from '../testing/chaos/run-chaos.ts'

/** Two that are over soon: `pnpm test:long chaos` and `pnpm chaos` strike with all of them. */
const quick = ['postgres-crashed', 'worker-killed']

describe('chaos', () => {
  const seed = Number(process.env['TDS_SEED'] ?? randomInt(1_000_000))

  it('loses nothing accepted, doubles nothing and recovers, with a crashed Postgres and a killed worker', async () => {
    const verdict = await runChaos({
      seed,
      seconds: 0,
      ratePerSecond: 10,
      faults: chaosFaults.filter(({ name }) => quick.includes(name)),
    })
    const { strikes, accepted } = verdict
    console.info(JSON.stringify({ TDS_SEED: seed, accepted, strikes }))
    expect(verdict.broken).toEqual([])
    expect(verdict).toMatchObject({ ok: true, lost: 0, wrong: 0, doubled: 0 })
    expect(strikes.map(({ fault }) => fault).sort()).toEqual([...quick].sort())
    expect(accepted).toBeGreaterThan(50)
  }, 600_000)
})

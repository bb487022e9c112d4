import { randomInt } from 'node:crypto'

import { chaosFaults } from '../testing/chaos/faults.ts'
import { runChaos } from '../testing/chaos/run-chaos.ts'

/** Those that are over soonest: all of them are struck by `pnpm chaos`. */
const quick = ['worker-killed', 'postgres-crashed', 'queue-emptied']

describe('chaos', () => {
  const seed = Number(process.env['TDS_SEED'] ?? randomInt(1_000_000))

  it('loses nothing accepted, doubles nothing and recovers, with a killed worker, a crashed Postgres and an emptied queue', async () => {
    const verdict = await runChaos({
      seed,
      seconds: 0,
      ratePerSecond: 20,
      faults: chaosFaults.filter(({ name }) => quick.includes(name)),
    })
    const { strikes, accepted } = verdict
    console.info(JSON.stringify({ TDS_SEED: seed, accepted, strikes }))
    expect(verdict.broken).toEqual([])
    expect(verdict).toMatchObject({ ok: true, lost: 0, wrong: 0, doubled: 0 })
    expect(strikes.map(({ fault }) => fault).sort()).toEqual([...quick].sort())
    expect(accepted).toBeGreaterThan(100)
  }, 240_000)

  it('is judged to have lost what somebody deletes from the inbox', async () => {
    const verdict = await runChaos({
      seed,
      seconds: 0,
      ratePerSecond: 20,
      faults: [
        {
          name: 'deleted',
          scenario: 'none',
          about: 'accepted events deleted',
          strike: async ({ database }) => {
            await database.db.query(
              `DELETE FROM tds_inbox_events WHERE id IN
                 (SELECT id FROM tds_inbox_events WHERE processed_at IS NOT NULL ORDER BY id LIMIT 3)`,
            )
          },
        },
      ],
    })
    expect(verdict.ok).toBe(false)
    expect(verdict.lost).toBeGreaterThanOrEqual(3)
  }, 240_000)
})

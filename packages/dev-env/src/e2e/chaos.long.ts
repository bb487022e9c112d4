import { type Fault, chaosFaults } from '../testing/chaos/faults.ts'
import { runChaos } from '../testing/chaos/run-chaos.ts'
import { verdictLines } from '../testing/chaos/verdict.ts'

const deleted: Fault = {
  name: 'deleted',
  scenario: 'none',
  about: 'accepted events deleted',
  strike: async ({ database }) => {
    await database.db.query(
      `DELETE FROM tds_inbox_events WHERE id IN
         (SELECT id FROM tds_inbox_events WHERE processed_at IS NOT NULL ORDER BY id LIMIT 3)`,
    )
  },
}

describe('chaos for minutes', () => {
  it.each([1, 2, 3])(
    'with every fault and seed %d loses, doubles and bends nothing, and recovers',
    async (seed) => {
      const verdict = await runChaos({ seed, seconds: 240, ratePerSecond: 20, faults: chaosFaults })
      console.info(verdictLines(verdict).join('\n'))
      expect(verdict.broken).toEqual([])
      expect(verdict.ok).toBe(true)
    },
    3_600_000,
  )

  it('is judged to have lost what somebody deletes from the inbox', async () => {
    const verdict = await runChaos({ seed: 1, seconds: 0, ratePerSecond: 20, faults: [deleted] })
    expect(verdict.ok).toBe(false)
    expect(verdict.lost).toBeGreaterThanOrEqual(3)
  }, 600_000)
})

import { randomInt } from 'node:crypto'

import { entities } from '@tds/core'
import type { Transaction } from '@tds/db'

import { seededChance } from '../deliveries/seeded-chance.ts'
import {
  brokenPromises,
  drive,
  type EndToEnd,
  type History,
  schedules,
  startEndToEnd,
} from '../testing/index.ts'

// As many as the small world has of its scarcest type.
const recordsPerType = 5

describe('deliveries in any order, repeated and interleaved', () => {
  const seed = Number(process.env['TDS_SEED'] ?? randomInt(1_000_000))
  let world: EndToEnd
  let history: History

  beforeAll(async () => {
    world = await startEndToEnd({ workers: 2 })
    const deliveries = schedules(world.simulator, seededChance(seed), recordsPerType)
    history = await drive(world.simulator, deliveries, {
      targets: [world.installation.apiUrl],
      atOnce: 8,
      ratePerSecond: 200,
    })
    await world.convergeReleasing(90_000)
  }, 150_000)

  afterAll(async () => {
    await world.stop()
  })

  it(`end in what Zoho holds (TDS_SEED=${String(seed)})`, async () => {
    const touched = new Set(history.attempts.map(({ delivery }) => delivery.id))
    expect(touched.size).toBe(recordsPerType * entities.length)
    expect(await world.differences(touched)).toEqual([])
  })

  it('leave a history that explains every row and never goes back', async () => {
    expect(await brokenPromises(world.database.db, history)).toEqual([])
  })

  it('have had every outcome there is', async () => {
    const { rows } = await world.database.db.query<{ status: string }>(
      'SELECT DISTINCT status, error_code, error_message FROM tds_inbox_events ORDER BY 1',
    )
    const finished = { error_code: null, error_message: null }
    expect(rows).toEqual(['applied', 'unchanged', 'stale'].map((status) => ({ status, ...finished })))
    const { rows: operations } = await world.database.db.query<{ operation: string }>(
      'SELECT DISTINCT operation::text AS operation FROM tds_audit_trail ORDER BY 1',
    )
    expect(operations.map(({ operation }) => operation)).toEqual(
      expect.arrayContaining(['created', 'deleted', 'restored', 'updated']),
    )
  })

  describe('and the check of history', () => {
    const anEvent = '(SELECT id FROM tds_inbox_events ORDER BY received_at LIMIT 1)'

    it.each([
      ['a lost event', `DELETE FROM tds_inbox_events WHERE id = ${anEvent}`, 'lost: event'],
      [
        'an event that nobody sent',
        `UPDATE tds_inbox_events SET raw_body = 'made up' WHERE id = ${anEvent}`,
        'phantom: nobody sent',
      ],
      [
        'an event that is not finished',
        `UPDATE tds_inbox_events SET status = 'pending', processed_at = NULL WHERE id = ${anEvent}`,
        'unfinished: event',
      ],
      [
        'a count that is off',
        "UPDATE tds_event_counts SET events = events + 1 WHERE status = 'applied'",
        'conservation:',
      ],
      [
        'a row that was changed behind its back',
        "UPDATE tds_products SET name = 'other'",
        'differs from its last entry in name',
      ],
      ['a change without an entry', 'UPDATE tds_invoices SET version = version + 1', 'is at version'],
      [
        'a change that was undone',
        `INSERT INTO tds_audit_trail (organization_id, entity_type, entity_id, operation, before, after, changed_fields, cause, actor)
         SELECT organization_id, entity_type, entity_id, 'updated', after, before, changed_fields, cause, actor FROM tds_audit_trail
          WHERE operation = 'updated' AND before->>'description' LIKE 'change %' AND after->>'description' LIKE 'change %'
            AND before->>'description' <> after->>'description' ORDER BY position DESC LIMIT 1`,
        'went back: entry',
      ],
    ])('notices %s', async (_what, damage, says) => {
      const told = await afterDamage(damage, (tx) => brokenPromises(tx, history))
      expect(told).toEqual(expect.arrayContaining([expect.stringContaining(says)]))
    })
  })

  /** Looks at the damage from inside a transaction that is rolled back. */
  async function afterDamage<T>(
    damage: string,
    look: (tx: Transaction) => Promise<T>,
  ): Promise<T | undefined> {
    const undo = new Error('undo')
    let seen: T | undefined
    await world.database.db
      .transaction(async (tx) => {
        await tx.query(damage)
        seen = await look(tx)
        throw undo
      })
      .catch((error: unknown) => {
        if (error !== undo) throw error
      })
    return seen
  }
})

import { createLettersWorld, operator, type LettersWorld } from '../testing/letters-world.ts'
import { restoreLetters } from './restore-letters.ts'

describe('restoring discarded letters', () => {
  let world: LettersWorld

  beforeEach(async () => {
    world = await createLettersWorld()
  })
  afterEach(async () => {
    await world.drop()
  })

  function restore(ids: readonly string[], o: { readonly dryRun?: boolean } = {}) {
    return restoreLetters(world.parts, ids, { ...operator, ...o, reason: 'by mistake' })
  }

  async function states(): Promise<unknown[]> {
    const { rows } = await world.db.query(
      `SELECT e.status AS event, d.status AS letter, d.resolved_by AS by FROM tds_dead_letter_queue d
         LEFT JOIN tds_inbox_events e ON e.id = d.event_id ORDER BY d.created_at`,
    )
    return rows
  }

  async function counted(): Promise<Record<string, number>> {
    const { rows } = await world.db.query<{ status: string; events: number }>(
      'SELECT status, sum(events)::int AS events FROM tds_event_counts GROUP BY status HAVING sum(events) <> 0',
    )
    return Object.fromEntries(rows.map((row) => [row.status, row.events]))
  }

  /** Waits until a statement waits for the end of another transaction. */
  async function untilSomebodyWaits(): Promise<void> {
    const waiting = `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`
    while ((await world.db.query(waiting)).rowCount === 0);
  }

  it('makes letter and event what they were, counters included, so that a replay applies it', async () => {
    const id = await world.letter('573914000000990001', 'configuration', { brand: 'Quay' })
    await world.discard([id])
    expect(await counted()).toEqual({ discarded: 1 })
    expect(await restore([id], { dryRun: true })).toMatchObject([{ outcome: 'restored', events: 1 }])
    expect(await states()).toEqual([{ event: 'discarded', letter: 'discarded', by: 'amal' }])
    expect(await restore([id])).toEqual([{ letterId: id, outcome: 'restored', events: 1, detail: null }])
    expect(await states()).toEqual([{ event: 'dead_letter', letter: 'open', by: null }])
    expect(await counted()).toEqual({ dead_letter: 1 })
    await world.request({ ids: [id] })
    await world.second()
    await world.second()
    expect(await counted()).toEqual({ applied: 1 })
    expect(await world.unconserved()).toEqual([])
    const { rows } = await world.db.query(
      'SELECT action, actor, reason FROM tds_operator_actions ORDER BY acted_at',
    )
    expect(rows).toContainEqual({ action: 'dead_letter.restore', actor: 'amal', reason: 'by mistake' })
  })

  it('makes the event again where the inbox has forgotten it', async () => {
    const id = await world.letter('573914000000990001', 'configuration', { brand: 'Quay' })
    await world.discard([id])
    await world.db.query('DELETE FROM tds_inbox_events')
    expect(await restore([id])).toMatchObject([{ outcome: 'restored', events: 1 }])
    expect(await counted()).toEqual({ dead_letter: 1 })
    await world.request({ ids: [id] })
    await world.second()
    await world.second()
    const { rows } = await world.db.query('SELECT brand FROM tds_products')
    expect(rows).toEqual([{ brand: 'Quay' }])
    expect(await counted()).toEqual({ applied: 1 })
  })

  it('leaves one alone whose record has failed in the same way since', async () => {
    const zohoId = '573914000000990001'
    const old = await world.letter(zohoId, 'data', { brand: 'first' })
    await world.discard([old])
    const young = await world.letter(zohoId, 'data', { brand: 'second' })
    expect(young).not.toBe(old)
    expect(await restore([old, young])).toMatchObject([
      { letterId: old, outcome: 'outdated' },
      { letterId: young, outcome: 'not_discarded' },
    ])
    expect(await states()).toMatchObject([{ letter: 'discarded' }, { letter: 'open' }])
    expect(await world.unconserved()).toEqual([])
  })

  it('leaves one alone whose record fails in the same way in the same moment', async () => {
    const zohoId = '573914000000990001'
    const old = await world.letter(zohoId, 'data', { brand: 'first' })
    await world.discard([old])
    const eventId = await world.deliver(zohoId, { brand: 'second' })
    const [isWritten, mayCommit] = [Promise.withResolvers<undefined>(), Promise.withResolvers<undefined>()]
    const givingUp = world.db.transaction(async (tx) => {
      await tx.query(
        `INSERT INTO tds_dead_letter_queue (organization_id, entity_type, source_entity_id, event_id, class, fingerprint,
                failure_reason, operation_type)
         SELECT organization_id, entity_type, source_entity_id, $2::uuid, class, fingerprint, failure_reason, operation_type
           FROM tds_dead_letter_queue WHERE id = $1`,
        [old, eventId],
      )
      isWritten.resolve(undefined)
      await mayCommit.promise
    })
    await isWritten.promise
    const restoring = restore([old])
    await untilSomebodyWaits()
    mayCommit.resolve(undefined)
    await givingUp
    expect(await restoring).toMatchObject([
      { letterId: old, outcome: 'outdated', detail: expect.stringContaining('has an open one') },
    ])
    expect((await world.find(old)).status).toBe('discarded')
  })

  it('happens once where two of us want it, and not at all for what is not there', async () => {
    const id = await world.letter('573914000000990001', 'killer')
    await world.discard([id])
    const both = await Promise.all([restore([id]), restore([id])])
    expect(
      both
        .flat()
        .map(({ outcome }) => outcome)
        .sort(),
    ).toEqual(['not_discarded', 'restored'])
    expect(await counted()).toEqual({ dead_letter: 1 })
    expect(await restore(['0b6f3c1e-52c4-4f0e-9a55-4d7c1c1f8a10'])).toMatchObject([{ outcome: 'not_found' }])
  })
})

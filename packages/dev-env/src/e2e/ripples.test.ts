import type { Mutation } from '@tds/zoho-simulator'

import { type EndToEnd, startEndToEnd, waitUntil } from '../testing/index.ts'

describe('an invoice whose customer and items are not here', () => {
  let world: EndToEnd

  beforeAll(async () => {
    world = await startEndToEnd({ workers: 2 })
  }, 60_000)

  afterAll(async () => {
    await world.stop()
  })

  it('brings them: the items with one call for many, all equal to what Zoho holds, and once only', async () => {
    await holdPatientReads()
    const told: Mutation[] = []
    for (let n = 0; n < 5; n += 1) told.push(world.simulator.mutate({ type: 'invoice', kind: 'update' }))
    await world.simulator.send(
      told.map((mutation) => world.simulator.deliveryOf(mutation, { shape: 'detail' })),
      { target: world.installation.apiUrl },
    )
    await waitUntil(async () => (await waiting()) === 0, { what: 'the invoices were applied' })
    const asked = await owed()
    expect(new Set(asked.map(({ type }) => type))).toEqual(new Set(['customer', 'product']))
    await letPatientReadsGo()
    await waitUntil(async () => (await owed()).length === 0, { what: 'what they name was read' })
    expect(await world.differences(new Set(asked.map(({ id }) => id)))).toEqual([])
    const { rows } = await world.database.db.query<{ sent: number; items: number }>(
      `SELECT count(DISTINCT sent_at[1])::int AS sent, count(*)::int AS items FROM tds_record_reads
        WHERE entity_type = 'product'`,
    )
    expect(rows).toEqual([{ sent: 1, items: asked.filter(({ type }) => type === 'product').length }])
  })

  /** The items are asked for ten seconds later, which on a busy machine is before the last invoice is applied. */
  async function holdPatientReads(): Promise<void> {
    await world.database.db.query(`
      CREATE FUNCTION hold_read() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN NEW.due_at := tds_now() + interval '1 hour'; RETURN NEW; END $$`)
    await world.database.db.query(`
      CREATE TRIGGER hold_reads BEFORE INSERT ON tds_owed_reads FOR EACH ROW
      WHEN (NEW.reason IN ('parent', 'ripple')) EXECUTE FUNCTION hold_read()`)
  }

  async function letPatientReadsGo(): Promise<void> {
    await world.database.db.query('DROP TRIGGER hold_reads ON tds_owed_reads')
    await world.database.db.query('UPDATE tds_owed_reads SET due_at = tds_now()')
  }

  async function waiting(): Promise<number> {
    const { rows } = await world.database.db.query<{ waiting: number }>(
      `SELECT count(*)::int AS waiting FROM tds_inbox_events WHERE status IN ('pending', 'processing', 'retry')`,
    )
    return rows[0]?.waiting ?? NaN
  }

  async function owed(): Promise<{ type: string; id: string }[]> {
    const { rows } = await world.database.db.query<{ type: string; id: string }>(
      'SELECT entity_type::text AS type, zoho_id AS id FROM tds_owed_reads',
    )
    return rows
  }
})

import { askForRun, entityOf, releaseFuse, type EntityType } from '@tds/core'
import { createTestDatabase, takeOverClock, type TestClock } from '@tds/db/testing'
import type { FaultRule } from '@tds/zoho-simulator'

import { type EndToEnd, startEndToEnd, waitUntil } from '../testing/index.ts'

const list = '/inventory/v1/items'
const items = 260
const ada = { actor: 'ada', reason: 'a test', dryRun: false, via: 'test' }

describe('a mirror that is compared with Zoho', () => {
  let world: EndToEnd
  let clock: TestClock

  beforeAll(async () => {
    const database = await createTestDatabase()
    // Runs come when the test asks for them: one of a schedule's would meet the lies that are meant for another.
    await database.db.query(
      `UPDATE tds_configuration SET config_value = '"0 0 1 1 *"' WHERE config_key LIKE '%\\_cron'`,
    )
    world = await startEndToEnd({
      database,
      workers: 2,
      schedules: true,
      simulator: { size: { items, customers: 6, vendors: 2, invoices: 8, bills: 2, creditNotes: 2 } },
    })
    clock = await takeOverClock(world.database.db)
    await waitUntil(async () => (await loaded()) === 7 && (await owed()) === 0, {
      what: 'the first load',
      withinMs: 150_000,
      everyMs: 100,
    })
  }, 240_000)

  afterAll(async () => {
    await world.stop()
  })

  it.each<[string, Omit<FaultRule, 'path'>, string]>([
    ['is empty under 200', { fault: 'empty-list' }, 'list_unreliable'],
    ['has lost half of its first page', { fault: 'short-page', next: 1 }, 'list_unreliable'],
    ['says too early that it has ended', { fault: 'ended-list' }, 'list_unreliable'],
    ['never ends', { fault: 'endless-list' }, 'list_unreliable'],
    ['shows its first page twice', { fault: 'repeated-page' }, 'list_unreliable'],
    ['breaks off in the middle', { fault: 'cut', after: 1 }, 'transport'],
    ['is refused in the middle', { fault: 'not-accessible', after: 1 }, 'zoho_not_accessible'],
  ])(
    'deletes nothing and says partial when the list %s',
    async (_, rule, code) => {
      world.simulator.faults.add({ ...rule, path: list })
      const run = await compare('product')
      world.simulator.faults.remove()
      expect(run).toMatchObject({ code })
      expect(['partial', 'failed']).toContain(run.status)
      expect(await living()).toBe(items)
      expect(await heldDeletions()).toBe(0)
      // What an open circuit has put off goes on before the next lie.
      await waitUntil(async () => (await open()) === 0, { what: 'nothing is open', withinMs: 60_000 })
    },
    120_000,
  )

  it('holds what a list has lost that nobody can tell from deletions, and lets it go when it is back', async () => {
    // The last page of both walks; only the end of a list may be short.
    world.simulator.faults.add({ fault: 'short-page', after: 1, next: 1, path: list })
    world.simulator.faults.add({ fault: 'short-page', after: 2, next: 1, path: list })
    expect(await compare('product')).toMatchObject({ status: 'partial', code: 'deletions_held' })
    world.simulator.faults.remove()
    expect(await heldDeletions()).toBe(30)
    expect(await living()).toBe(items)
    expect(await compare('product')).toMatchObject({ status: 'completed', code: null })
    await waitUntil(async () => (await open()) === 0 && (await heldDeletions()) === 0, {
      what: 'nothing is held any more',
      withinMs: 60_000,
    })
    expect(await living()).toBe(items)
    await release(0)
  }, 120_000)

  it('holds sixty records that were really deleted at once, until a person releases them', async () => {
    const gone = world.simulator.truth('product').records.slice(100, 160)
    for (const { id } of gone) world.simulator.mutate({ type: 'product', kind: 'delete', id })
    expect(await compare('product')).toMatchObject({ status: 'partial', code: 'deletions_held' })
    expect([await heldDeletions(), await living()]).toEqual([60, items])
    await expect(release(59)).rejects.toMatchObject({ code: 'fuse_count_differs' })
    await release(60)
    await waitUntil(async () => (await living()) === items - 60, {
      what: 'sixty tombstones',
      withinMs: 60_000,
    })
    expect(await compare('product')).toMatchObject({ status: 'completed', different: 0 })
    expect(await world.differences()).toEqual([])
  }, 120_000)

  it('finds what was written by hand, and heals it once a second read agrees', async () => {
    const [damaged, buried, ahead, lost] = world.simulator
      .truth('invoice')
      .records.map(({ id }) => id)
      .slice(0, 4)
    const { db } = world.database
    await db.query('UPDATE tds_invoices SET total = total + 1 WHERE zoho_id = $1', [damaged])
    await db.query('UPDATE tds_invoices SET deleted_at = tds_now() WHERE zoho_id = $1', [buried])
    await db.query(
      `UPDATE tds_invoices SET source_modified_at = '2031-01-01', completed_version = '2031-01-01' WHERE zoho_id = $1`,
      [ahead],
    )
    await db.query('DELETE FROM tds_invoice_lines WHERE invoice_zoho_id = $1', [lost])
    const run = await compare('invoice')
    expect(run).toMatchObject({ status: 'completed', different: 4 })
    await waitUntil(async () => (await open()) === 1 && (await confirming()) === 1, {
      what: 'one waits for its second read',
      withinMs: 60_000,
    })
    await clock.advance('62 seconds')
    await waitUntil(async () => (await open()) === 0, { what: 'all are healed', withinMs: 60_000 })
    expect(await world.differences()).toEqual([])
    expect(await compare('invoice')).toMatchObject({ status: 'completed', different: 0 })
    const { rows } = await db.query(
      `SELECT DISTINCT repaired::int, "left"::int FROM tds_certificates WHERE run_id = $1`,
      [run.id],
    )
    expect(rows).toEqual([{ repaired: 4, left: 0 }])
  }, 180_000)

  interface Compared {
    readonly id: string
    readonly status: string
    readonly code: string | null
    readonly different: number
  }

  /** Has a worker compare and repair a type, and waits for the end of the run. */
  async function compare(type: EntityType): Promise<Compared> {
    const entity = entityOf(type)
    if (entity === undefined) throw new Error(`no type ${type}`)
    const wanted = {
      organizationId: world.simulator.access.organizationId,
      entity,
      kind: 'reconciliation',
      mode: 'index',
      request: { repair: true },
    } as const
    const { runId } = await askForRun(world.database.db, wanted, ada)
    const look = async () =>
      (
        await world.database.db.query<Compared>(
          `SELECT id, status, error_summary->>'code' AS code,
                  (SELECT count(*)::int FROM tds_reconciliation_differences
                    WHERE run_id = r.id AND class <> 'changed_meanwhile') AS different
             FROM tds_sync_runs r WHERE id = $1::uuid`,
          [runId],
        )
      ).rows[0]
    await waitUntil(async () => (await look())?.status !== 'running', {
      what: 'the run ends',
      withinMs: 90_000,
    })
    const run = await look()
    if (run === undefined) throw new Error('the run is gone')
    return run
  }

  async function release(expectedCount: number): Promise<void> {
    const { organizationId } = world.simulator.access
    const queue = { send: () => Promise.resolve() }
    await releaseFuse(
      { db: world.database.db, queue },
      { organizationId, entityType: 'product', expectedCount },
      ada,
    )
  }

  function loaded(): Promise<number> {
    return count('SELECT count(*)::int AS n FROM tds_sync_cursors WHERE last_entity_version IS NOT NULL')
  }

  function owed(): Promise<number> {
    return count('SELECT count(*)::int AS n FROM tds_owed_reads')
  }

  function open(): Promise<number> {
    return count('SELECT count(*)::int AS n FROM tds_reconciliation_differences WHERE settled_at IS NULL')
  }

  function confirming(): Promise<number> {
    return count(`SELECT count(*)::int AS n FROM tds_reconciliation_differences WHERE state = 'confirming'`)
  }

  function living(): Promise<number> {
    return count('SELECT count(*)::int AS n FROM tds_products WHERE deleted_at IS NULL')
  }

  function heldDeletions(): Promise<number> {
    return count('SELECT count(*)::int AS n FROM tds_held_deletions')
  }

  async function count(sql: string): Promise<number> {
    return (await world.database.db.query<{ n: number }>(sql)).rows[0]?.n ?? -1
  }
})

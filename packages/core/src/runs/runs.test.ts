import { randomUUID } from 'node:crypto'
import { beginRun } from '@tds/db'
import { takeOverClock, type TestClock } from '@tds/db/testing'
import { TdsError } from '@tds/runtime'
import { customer } from '../entities/customer.ts'
import type { EntityDefinition } from '../entities/define-entity.ts'
import { invoice } from '../entities/invoice.ts'
import { product } from '../entities/product.ts'
import type { ComparisonTask } from '../reconciliation/compare-type.ts'
import { noCounts } from '../scan/apply-listed.ts'
import { listReadsCheck } from '../status/list-reads-check.ts'
import type { PageWish } from '../sync/record-source.ts'
import { createSyncWorld, exampleRecord, testOrganization, type SyncWorld } from '../testing/sync-world.ts'
import { nextRun, type NextRun, type RunSchedules } from './next-run.ts'
import { performRun, type RunParts } from './perform-run.ts'
import { askForRun, stopRun, type WantedRun } from './request-run.ts'

const schedules: RunSchedules = {
  reads: true,
  compares: true,
  incrementalCron: '*/15 * * * *',
  wholeListCron: '0 */4 * * *',
  reconciliationCron: '0 2 * * *',
  timeZone: 'UTC',
}
const ada = { actor: 'ada', reason: 'a look', dryRun: false, via: 'cli-direct' }

describe('runs of a type', () => {
  let world: SyncWorld
  let clock: TestClock
  let compared: ComparisonTask[]
  let honours: (wish: PageWish) => boolean

  beforeEach(async () => {
    world = await createSyncWorld()
    clock = await takeOverClock(world.db)
    await clock.set('2026-07-01T10:07:00Z')
    compared = []
    honours = () => true
    world.source.list((wish) => {
      const isEmptied = wish.modifiedSince !== null && honours(wish)
      return { rows: isEmptied ? [] : [exampleRecord(product, 'listRow')], hasMore: false }
    })
  })

  afterEach(() => world.drop())

  it('begin with a first load where nothing was ever read, and are then due by their times', async () => {
    expect(await modeNow()).toBe('backfill')
    expect(await work()).toEqual(['backfill'])
    await clock.set('2026-07-01T10:14:59Z')
    expect(await work()).toEqual([])
    await clock.set('2026-07-01T10:15:00Z')
    expect(await work()).toEqual(['incremental'])
    await clock.set('2026-07-02T02:00:01Z')
    expect(await work()).toEqual(['incremental', 'index', 'full'])
    expect(compared.map(({ depth, repair, requestedBy }) => [depth, repair, requestedBy])).toEqual([
      ['index', true, null],
      ['full', true, null],
    ])
  })

  it('read a list that leaves nothing out less often', async () => {
    honours = () => false
    await work()
    await clock.set('2026-07-01T10:15:00Z')
    expect(await work()).toEqual(['incremental'])
    await clock.set('2026-07-01T11:59:00Z')
    expect(await work()).toEqual([])
    await clock.set('2026-07-01T12:00:00Z')
    expect(await work()).toEqual(['incremental'])
  })

  it('do not begin a first load before the types that its records name are loaded', async () => {
    expect(await modeNow(invoice)).toBeNull()
    await load(product)
    expect(await modeNow(invoice)).toBeNull()
    world.source.list(() => ({ rows: [], hasMore: false }))
    await load(customer)
    expect(await modeNow(invoice)).toBe('backfill')
  })

  it('are not begun by a schedule that is off, but by a person', async () => {
    const off = { ...schedules, reads: false, compares: false }
    expect(await nextRun(world.db, typeOf(product), off)).toBeNull()
    await askForRun(world.db, wanted({ mode: 'full' }), ada)
    expect(await nextRun(world.db, typeOf(product), off)).toMatchObject({
      kind: 'open',
      run: { mode: 'full' },
    })
  })

  it('wait after a failure, longer each time, and are then tried again', async () => {
    await load(product)
    await clock.set('2026-07-02T01:15:00Z')
    world.source.fail(new TdsError('no', { code: 'zoho_unavailable', disposition: 'retry', nextStep: '-' }))
    expect(await work()).toEqual(['incremental'])
    await clock.set('2026-07-02T01:15:59Z')
    expect(await modeNow()).toBeNull()
    await clock.set('2026-07-02T01:16:01Z')
    expect(await work()).toEqual(['incremental'])
    await clock.set('2026-07-02T01:17:30Z')
    expect(await modeNow()).toBeNull()
    world.source.fail(null)
    await clock.set('2026-07-02T01:19:00Z')
    expect(await work()).toEqual(['incremental'])
    expect(
      await rows(`SELECT status FROM tds_sync_runs WHERE mode = 'incremental' ORDER BY started_at`),
    ).toEqual([{ status: 'failed' }, { status: 'failed' }, { status: 'completed' }])
  })

  it('that fail three times in a row are told in health, with the reason, until one ends well', async () => {
    const check = () => listReadsCheck(world.db).check()
    expect(await check()).toMatchObject({ status: 'healthy', detail: 'No list was read whole yet.' })
    await load(product)
    expect(await check()).toMatchObject({
      status: 'healthy',
      detail: expect.stringContaining('1 of 7 types'),
    })
    world.source.fail(
      new TdsError('Zoho said no.', { code: 'zoho_path', disposition: 'reject', nextStep: '-' }),
    )
    for (const hour of ['03', '04', '05']) {
      expect(await check()).toMatchObject({ status: 'healthy' })
      await clock.set(`2026-07-02T${hour}:00:00Z`)
      await work()
    }
    expect(await check()).toMatchObject({
      status: 'degraded',
      detail: 'The list of product could not be read 3 times in a row: Zoho said no.',
    })
    world.source.fail(null)
    await clock.set('2026-07-02T06:00:00Z')
    await work()
    expect(await check()).toMatchObject({ status: 'healthy' })
  })

  it('end as failed when their worker died, but for a walk, which goes on', async () => {
    await load(product)
    const left = (mode: string) =>
      beginRun(world.db, {
        organizationId: testOrganization,
        runType: 'scheduled',
        entityType: 'product',
        mode,
        dryRun: false,
        workerId: randomUUID(),
        requestedBy: null,
        cursorBefore: null,
      })
    const [lost, walking] = [await left('incremental'), await left('full')]
    await work()
    expect(await statusOf(lost)).toEqual({ status: 'failed', code: 'run_left' })
    expect(await statusOf(walking)).toEqual({ status: 'completed', code: null })
  })

  it("end as failed, and stand in nobody's way, when their row does not say what is to be done", async () => {
    await load(product)
    const asked = await askForRun(world.db, wanted({ mode: 'full' }), ada)
    await world.db.query(`UPDATE tds_sync_runs SET request = '{"ids": "all"}' WHERE id = $1`, [asked.runId])
    await expect(askForRun(world.db, wanted({ mode: 'full' }), ada)).rejects.toMatchObject({
      code: 'run_waiting',
    })
    await work()
    expect(await statusOf(asked.runId)).toEqual({ status: 'failed', code: 'run_request_unreadable' })
    const again = await askForRun(world.db, wanted({ mode: 'full' }), ada)
    await work()
    expect(await statusOf(again.runId)).toMatchObject({ status: 'completed' })
  })

  it('of a person are done once, in the order of asking, with who asked and why', async () => {
    await load(product)
    const first = await askForRun(world.db, wanted({ mode: 'full' }), ada)
    expect(await askForRun(world.db, wanted({ mode: 'full' }), ada)).toEqual({ ...first, joined: true })
    await expect(askForRun(world.db, wanted({ mode: 'incremental' }), ada)).rejects.toMatchObject({
      code: 'run_waiting',
      facts: { runId: first.runId },
    })
    await expect(
      askForRun(world.db, wanted({ mode: 'full' }), { ...ada, dryRun: true }),
    ).rejects.toMatchObject({ code: 'run_waiting' })
    await work()
    expect(await statusOf(first.runId)).toMatchObject({ status: 'completed' })
    expect(
      await rows(`SELECT actor, reason, action, facts->>'mode' AS mode FROM tds_operator_actions`),
    ).toEqual([{ actor: 'ada', reason: 'a look', action: 'sync.request', mode: 'full' }])
  })

  it('of named records owe a read of each once', async () => {
    const ids = ['1', '2', '2']
    await askForRun(world.db, wanted({ mode: 'ids', request: { ids } }), ada)
    await work()
    expect(
      await rows(`SELECT zoho_id, reason FROM tds_owed_reads WHERE reason = 'manual' ORDER BY 1`),
    ).toEqual([
      { zoho_id: '1', reason: 'manual' },
      { zoho_id: '2', reason: 'manual' },
    ])
  })

  it('of named records do not wait for a first load that waits for calls', async () => {
    world.source.refuse(new TdsError('no', { code: 'zoho_budget_wait', disposition: 'retry', nextStep: '-' }))
    const backfill = await nextRun(world.db, typeOf(product), schedules)
    if (backfill === null) throw new Error('a first load is due')
    expect(await performRun(parts(), typeOf(product), backfill)).toMatchObject({ status: 'waiting' })
    const { runId } = await askForRun(world.db, wanted({ mode: 'ids', request: { ids: ['1'] } }), ada)
    const next = await nextRun(world.db, typeOf(product), schedules)
    expect(next).toMatchObject({ kind: 'open', run: { id: runId } })
    if (next !== null) await performRun(parts(), typeOf(product), next)
    expect(await modeNow()).toBe('backfill')
  })

  it('compare with the depth and the repair that were asked for', async () => {
    const request = { repair: false }
    await askForRun(world.db, wanted({ kind: 'reconciliation', mode: 'full', request }), ada)
    await work()
    expect(compared[0]).toMatchObject({ depth: 'full', repair: false, requestedBy: 'ada' })
  })

  it('that are cancelled stop, and a first load does not begin again by itself', async () => {
    const id = await beginRun(world.db, {
      organizationId: testOrganization,
      runType: 'scheduled',
      entityType: 'product',
      mode: 'backfill',
      dryRun: false,
      workerId: randomUUID(),
      requestedBy: null,
      cursorBefore: null,
    })
    await rows(
      `INSERT INTO tds_owed_reads (organization_id, entity_type, zoho_id, reason)
       VALUES ('${testOrganization}', 'product', '1', 'backfill'), ('${testOrganization}', 'product', '2', 'ripple')`,
    )
    expect(await stopRun(world.db, id, { ...ada, dryRun: true })).toMatchObject({ readsDropped: 1 })
    expect(await statusOf(id)).toMatchObject({ status: 'running' })
    expect(await stopRun(world.db, id, ada)).toMatchObject({ mode: 'backfill', readsDropped: 1 })
    expect(await modeNow()).toBeNull()
    expect(await rows('SELECT reason FROM tds_owed_reads')).toEqual([{ reason: 'ripple' }])
    await expect(stopRun(world.db, id, ada)).rejects.toMatchObject({ code: 'run_not_open' })
  })

  function typeOf(entity: EntityDefinition) {
    return { organizationId: testOrganization, entity }
  }

  function wanted(o: Partial<WantedRun>): WantedRun {
    return {
      organizationId: testOrganization,
      entity: product,
      kind: 'sync',
      mode: 'full',
      request: {},
      ...o,
    }
  }

  async function modeNow(entity: EntityDefinition = product): Promise<string | null> {
    const next = await nextRun(world.db, typeOf(entity), schedules)
    return next === null ? null : modeOf(next)
  }

  /** Carries out what is due for products, one after the other; returns the modes. */
  async function work(): Promise<string[]> {
    const done: string[] = []
    for (;;) {
      const next = await nextRun(world.db, typeOf(product), schedules)
      if (next === null) return done
      done.push(modeOf(next))
      await performRun(parts(), typeOf(product), next)
    }
  }

  async function load(entity: EntityDefinition): Promise<void> {
    await performRun(parts(), typeOf(entity), { kind: 'scheduled', mode: 'backfill' })
    await performRun(parts(), typeOf(entity), { kind: 'scheduled', mode: 'index' })
    await performRun(parts(), typeOf(entity), { kind: 'scheduled', mode: 'full' })
  }

  function parts(): RunParts {
    return {
      ...world.parts,
      lease: { guard: () => Promise.resolve() },
      daemonId: randomUUID(),
      signal: new AbortController().signal,
      compare: async (_, task) => {
        compared.push(task)
        await rows(
          `UPDATE tds_sync_runs SET status = 'completed', completed_at = tds_now() WHERE id = '${task.runId}'`,
        )
        return { runId: task.runId, status: 'completed', counts: noCounts, whole: true, error: null }
      },
    }
  }

  async function statusOf(id: string): Promise<unknown> {
    const [row] = await rows(
      `SELECT status, error_summary->>'code' AS code FROM tds_sync_runs WHERE id = '${id}'`,
    )
    return row
  }

  async function rows(sql: string): Promise<Record<string, unknown>[]> {
    return (await world.db.query(sql)).rows
  }
})

function modeOf(next: NextRun): string {
  return next.kind === 'open' ? next.run.mode : next.mode
}

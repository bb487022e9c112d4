import { Readable } from 'node:stream'
import { entities, entityOf, parseExactText, type ExactObject } from '@tds/core'
import { insertDifferences, type NewDifference } from '@tds/db'
import { blackHoleProxy } from '@tds/db/testing'
import { expectEnvelope } from '../../testing/expect-envelope.ts'
import { runWorker, waitingClock, type RunWorker } from '../../testing/run-worker.ts'
import {
  createTdsWorld,
  ourOrganization,
  type Run,
  type RunOptions,
  type TdsWorld,
} from '../../testing/tds-world.ts'
import type { Envelope } from '../output/envelope.ts'

describe('tds sync and tds reconcile', () => {
  let world: TdsWorld
  let worker: RunWorker

  beforeEach(async () => {
    world = await createTdsWorld()
    worker = runWorker(world.db, ourOrganization)
    await liveWorker()
  })

  afterEach(() => world.drop())

  describe('asking', () => {
    it('leaves a run for a worker, with who asked for it and why', async () => {
      const envelope = await json('sync product --reason outage --actor amal')
      expect(envelope).toMatchObject({ exitCode: 0, warnings: [] })
      expect(envelope.data).toMatchObject({
        asked: [{ entityType: 'product', outcome: 'asked' }],
        watched: null,
        runs: [
          { status: 'waiting', mode: 'incremental', requestedBy: 'amal', reason: 'outage', dryRun: false },
        ],
      })
      expect(await rows('SELECT actor, action, reason FROM tds_operator_actions')).toEqual([
        { actor: 'amal', action: 'sync.request', reason: 'outage' },
      ])
    })

    it.each([
      ['sync product --full', 'full', {}],
      ['sync product --since 2026-07-21T16:03:00+03:00', 'since', { since: '2026-07-21T13:03:00.000Z' }],
      ['sync product --ids 1,2,2', 'ids', { ids: ['1', '2'] }],
      ['reconcile product', 'index', { repair: true }],
      ['reconcile product --depth full --no-repair', 'full', { repair: false }],
    ])('understands %s', async (line, mode, request) => {
      await json(line)
      const [row] = await rows('SELECT mode, request FROM tds_sync_runs')
      expect([row?.['mode'], JSON.parse(String(row?.['request']))]).toEqual([mode, request])
    })

    it('takes ids from standard input, one a line', async () => {
      const stdin = Readable.from([Buffer.from('11\n12\n')])
      const { data } = await json('sync invoice --ids -', { stdin })
      expect(data).toMatchObject({ runs: [{ mode: 'ids', request: { ids: 2 } }] })
    })

    it('joins what waits already, and is refused with exit 6 where that is something else', async () => {
      const first = await json('sync product --full')
      const second = await json('sync product --full')
      expect(second.data).toMatchObject({ asked: [{ outcome: 'joined', runId: runIdOf(first) }] })
      const refused = await json('sync product --since 1h')
      expect(refused).toMatchObject({ exitCode: 6, error: { code: 'run_waiting' } })
      expect(refused.error?.message).toContain(runIdOf(first))
    })

    it('asks one run for each of several types, and exits 3 where one of them was refused', async () => {
      await json('sync product --full')
      const envelope = await json('sync all')
      expect(envelope).toMatchObject({ exitCode: 3, warnings: [{ code: 'run_waiting' }] })
      const { asked } = envelope.data as { asked: { entityType: string; outcome: string }[] }
      expect(asked.map(({ entityType }) => entityType)).toEqual(entities.map(({ type }) => type))
      expect(asked.filter(({ outcome }) => outcome === 'asked')).toHaveLength(entities.length - 1)
    })

    it('as a rehearsal makes the run one', async () => {
      const envelope = await json('sync product --full --dry-run')
      expect(envelope).toMatchObject({ dryRun: true, data: { runs: [{ dryRun: true }] } })
    })

    it('says that nothing begins while no worker is alive', async () => {
      await world.db.query('DELETE FROM tds_daemons')
      expect((await json('sync product')).warnings).toMatchObject([{ code: 'no_worker' }])
      const clock = waitingClock(() => worker.work('product'))
      const { err } = await tds('sync product --wait', { clock })
      expect(err.split('\n')[0]).toContain('no worker is alive')
    })
  })

  describe('watching', () => {
    it('ends with the run and tells what it did', async () => {
      worker.list(products(3))
      const clock = waitingClock(() => worker.work('product'))
      const envelope = await json('sync product --full --wait', { clock })
      expect(envelope.data).toMatchObject({
        watched: 'ended',
        runs: [
          {
            status: 'completed',
            read: 3,
            created: 3,
            apiCalls: 1,
            cursorBefore: null,
            cursorAfter: expect.stringMatching(/Z$/),
          },
        ],
      })
      expect(envelope).toMatchObject({ exitCode: 0, warnings: [{ code: 'details_owed' }] })
      expect(envelope.warnings[0]?.message).toContain('product: 3 details are still to be read')
    })

    it('is the default on a terminal, and tells the sums in a table', async () => {
      worker.list(products(1))
      const clock = waitingClock(() => worker.work('product'))
      const { out, exitCode } = await tds('sync product', { clock, isTerminal: true })
      expect(exitCode).toBe(0)
      expect(out).toMatch(
        /^TYPE +STATUS +READ +CREATED +UPDATED +UNCHANGED +STALE +DELETED +FAILED +CALLS +CURSOR BEFORE/,
      )
      expect(out).toMatch(/product +completed +1 +1 +0/)
    })

    it.each([
      ['completed', 0],
      ['partial', 3],
      ['cancelled', 3],
      ['failed', 1],
    ])('exits for a run that ends as %s with %i', async (status, exitCode) => {
      const clock = waitingClock(() => endRuns(status))
      expect(await json('sync product --wait', { clock })).toMatchObject({
        exitCode,
        data: { watched: 'ended' },
      })
    })

    it('takes the worst of several runs', async () => {
      const ends = ['completed', 'failed', 'partial']
      const clock = waitingClock(() => endRuns(ends.shift() ?? 'completed', 'LIMIT 1'))
      expect(await json('sync product invoice bill --wait', { clock })).toMatchObject({ exitCode: 1 })
    })

    it('stops after its time with exit 7; the run goes on', async () => {
      const clock = waitingClock(() => Promise.resolve())
      const envelope = await json('sync product --wait --wait-timeout 30', { clock })
      expect(envelope).toMatchObject({
        exitCode: 7,
        data: { watched: 'timed_out', runs: [{ status: 'waiting' }] },
      })
      expect(clock.monotonicMs()).toBe(30_000)
      expect(envelope.warnings[0]?.message).toMatch(
        /the run goes on; see it with tds sync show [0-9a-f-]{36}$/,
      )
      expect(await rows('SELECT status FROM tds_sync_runs')).toEqual([{ status: 'running' }])
    })

    it('stops with Ctrl-C and exit 130; the run goes on', async () => {
      let press = (): void => undefined
      const clock = waitingClock(async () => {
        press()
      })
      const run = await tds('sync product --wait', {
        clock,
        onInterrupt: (listener) => {
          press = listener
        },
      })
      expect(run.exitCode).toBe(130)
      expect(run.err).toContain('the run goes on; see it with tds sync show')
      expect(await rows('SELECT status FROM tds_sync_runs')).toEqual([{ status: 'running' }])
    })

    it('goes on while Postgres is away', async () => {
      const proxy = await blackHoleProxy(world.env['DATABASE_URL'] ?? '')
      const clock = waitingClock(() => proxy.close())
      const env = { DATABASE_URL: proxy.url }
      expect(await json('sync product --wait --wait-timeout 3', { clock, env })).toMatchObject({
        exitCode: 7,
        data: { watched: 'timed_out', runs: [{ status: 'waiting' }] },
      })
    })

    it('tells every 15 seconds how far a run is, a total only where it is known', async () => {
      const told = [undefined, undefined, () => advance(null), () => advance(20_000)]
      let waits = 0
      const clock = waitingClock(async () => {
        waits += 1
        if (waits % 14 === 0) await told[waits / 14]?.()
        if (waits === 60) await endRuns('completed')
      })
      const { err, out } = await tds('sync product --wait --no-input', { clock })
      expect(err.trim().split('\n')).toEqual([
        'product: waits for a worker',
        'product: 12,400 read, total unknown, 1 failed',
        'product: 12,400 of at most 20,000 read, 1 failed',
        'product: 12,400 of at most 20,000 read, 1 failed, completed',
      ])
      expect(out.split('\n')).toHaveLength(3)
    })

    it('draws a bar on a terminal, where the total is known, and wipes it away', async () => {
      const steps = [() => advance(null), () => advance(24_800), () => endRuns('completed')]
      const clock = waitingClock(async () => steps.shift()?.())
      const { err, out } = await tds('sync product', { clock, isTerminal: true })
      expect(err).toContain('product: 12,400 read, total unknown')
      expect(err).toContain('[############------------] product: 12,400 of at most 24,800 read, 1 failed')
      expect(err.endsWith('\u001b[0J')).toBe(true)
      expect(out).not.toContain('[##')
    })

    it('tells nothing on the way where the result is wanted as JSON, or quietly', async () => {
      const clock = () => waitingClock(() => endRuns('completed'))
      expect(await tds('sync product --wait --json', { clock: clock(), isTerminal: true })).toMatchObject({
        err: '',
      })
      expect(await tds('sync product --wait -q', { clock: clock(), isTerminal: true })).toMatchObject({
        err: '',
      })
    })

    it.each([
      ['repaired', 0],
      ['found', 0],
      ['held', 8],
      ['left', 8],
    ] as const)('of a comparison whose difference is %s exits with %i', async (state, exitCode) => {
      const clock = waitingClock(async () => {
        await differ(state)
        await endRuns('completed')
      })
      expect(await json('reconcile product --wait', { clock })).toMatchObject({ exitCode })
    })
  })

  describe('runs', () => {
    it('are listed newest first, narrowed by type and state, in pages', async () => {
      for (const type of ['product', 'invoice', 'bill']) await json(`sync ${type}`)
      await world.db.query(`UPDATE tds_sync_runs SET status = 'failed' WHERE entity_type = 'bill'`)
      expect(typesIn(await json('sync runs'))).toEqual(['bill', 'invoice', 'product'])
      expect(typesIn(await json('sync runs --status waiting'))).toEqual(['invoice', 'product'])
      expect(typesIn(await json('sync runs --status failed --type bill'))).toEqual(['bill'])
      const page = await json('sync runs --limit 2')
      expect(page.meta.truncated).toBe(true)
      expect(typesIn(await json(`sync runs --limit 2 --cursor ${page.meta.nextCursor ?? ''}`))).toEqual([
        'product',
      ])
    })

    it('that compare have a list of their own', async () => {
      await json('sync product')
      await json('reconcile invoice')
      expect(typesIn(await json('reconcile runs'))).toEqual(['invoice'])
      expect(typesIn(await json('sync runs'))).toEqual(['invoice', 'product'])
    })

    it('show how far they are, what is owed, and how long the rest takes', async () => {
      const id = runIdOf(await json('sync invoice'))
      await world.db.query(
        `UPDATE tds_sync_runs SET mode = 'backfill', worker_id = gen_random_uuid(), read = 400, expected_rows = 1000`,
      )
      await owe('invoice', 30)
      await callBudget({ perMinute: 90, perDay: 2000 })
      const { data } = await json(`sync show ${id}`)
      expect(data).toMatchObject({
        run: { runId: id, status: 'running', read: 400, expectedRows: 1000 },
        outlook: {
          owed: [{ reason: 'backfill', reads: 30, held: 0 }],
          callsLeftToday: 1500,
          estimate: { pageCalls: 3, detailCalls: 630, calls: 633, seconds: 422 },
        },
      })
      const { out } = await tds(`sync show ${id}`)
      expect(out.split('\n').slice(0, 2)).toEqual([
        'invoice: 400 of at most 1,000 read, 0 failed',
        'Left: about 633 calls, about 7 minutes; 1,500 may be made today.',
      ])
    })

    it('say that the rest is not known where nobody knows how long the list is', async () => {
      const id = runIdOf(await json('sync invoice --full'))
      expect((await tds(`sync show ${id}`)).out).toContain('How much is left is not known')
      expect((await json(`sync show ${id}`)).data).toMatchObject({
        outlook: { callsLeftToday: null, estimate: { calls: null, seconds: null } },
      })
    })

    it.each(['sync show', 'sync cancel --reason none'])(
      'exit 5 with %s for an id that no run has',
      async (line) => {
        expect(await json(`${line} 8f4c1f0e-6b1d-4d0b-8d8e-3b1c5f7a9e21`)).toMatchObject({
          exitCode: 5,
          error: { code: 'run_not_found' },
        })
      },
    )

    it('are cancelled once, with a reason, and not in a rehearsal', async () => {
      const id = runIdOf(await json('sync product'))
      expect(await json(`sync cancel ${id}`)).toMatchObject({ exitCode: 2 })
      const line = `sync cancel ${id} --reason tonight --actor amal`
      expect(await json(`${line} --dry-run`)).toMatchObject({ exitCode: 0, data: { mode: 'incremental' } })
      expect(await rows('SELECT status FROM tds_sync_runs')).toEqual([{ status: 'running' }])
      expect((await json(line)).data).toEqual({
        runId: id,
        entityType: 'product',
        mode: 'incremental',
        readsDropped: 0,
      })
      expect(await json(line)).toMatchObject({ exitCode: 6, error: { code: 'run_not_open' } })
    })
  })

  describe('the plan', () => {
    it('names what is not known, and the command that finds it out', async () => {
      const envelope = await json('sync plan product invoice')
      expect(envelope.data).toMatchObject({
        loads: [
          {
            entityType: 'product',
            loaded: false,
            records: 0,
            rows: null,
            lastRun: null,
            estimate: { calls: null },
          },
          { entityType: 'invoice' },
        ],
        calls: null,
      })
      expect(envelope.warnings[0]?.message).toContain('tds sync product invoice --full --dry-run')
    })

    it('knows after a rehearsal of a full run what a first load takes', async () => {
      worker.list(products(1))
      await json('sync product --full --dry-run')
      await worker.work('product')
      await callBudget({ perMinute: 90, perDay: null })
      const { data } = await json('sync plan product')
      expect(data).toMatchObject({
        loads: [
          { loaded: false, records: 0, rows: 1, counted: true, estimate: { pageCalls: 1, detailCalls: 1 } },
        ],
        calls: 2,
        seconds: 2,
      })
    })

    it('knows what a loaded type still owes', async () => {
      worker.list(products(3))
      await json('sync product --full')
      await worker.work('product')
      expect((await json('sync plan product')).data).toMatchObject({
        loads: [{ loaded: true, records: 3, estimate: { pageCalls: 0, detailCalls: 1 } }],
      })
    })

    it('tells of all types where none is named', async () => {
      const { data } = await json('sync plan')
      expect((data as { loads: unknown[] }).loads).toHaveLength(entities.length)
    })
  })

  function tds(line: string, o: RunOptions = {}): Promise<Run> {
    return world.run(line.split(' '), o)
  }

  async function json(line: string, o: RunOptions = {}): Promise<Envelope> {
    return expectEnvelope(await tds(`${line} --json`, o))
  }

  async function rows(sql: string): Promise<Record<string, unknown>[]> {
    return (await world.db.query(sql)).rows
  }

  async function liveWorker(): Promise<void> {
    await world.db.query(
      `INSERT INTO tds_daemons (id, name, version, host, pid, facts)
       VALUES (gen_random_uuid(), 'worker', '0', 'here', 1, '{}')`,
    )
  }

  async function endRuns(status: string, limit = ''): Promise<void> {
    await world.db.query(
      `UPDATE tds_sync_runs SET status = $1::tds_run_status, completed_at = tds_now(), worker_id = gen_random_uuid()
        WHERE id IN (SELECT id FROM tds_sync_runs WHERE status = 'running' ORDER BY id ${limit})`,
      [status],
    )
  }

  /** Keeps a difference for the run that there is. */
  async function differ(state: NewDifference['state']): Promise<void> {
    const [run] = await rows('SELECT id FROM tds_sync_runs')
    const owner = { runId: String(run?.['id']), organizationId: ourOrganization, entityType: 'product' }
    const difference = {
      zohoId: '7',
      class: 'different',
      probableCause: 'a balance moved',
      fields: ['rate'],
      ours: null,
      theirs: null,
      ourRevision: 1,
      ourVersion: null,
      theirVersion: null,
      state,
      note: null,
    } as const
    await insertDifferences(world.db, owner, [difference])
  }

  async function advance(expected: number | null): Promise<void> {
    await world.db.query(
      `UPDATE tds_sync_runs SET worker_id = gen_random_uuid(), read = 12400, failed = 1, expected_rows = $1`,
      [expected],
    )
  }

  async function owe(entityType: string, reads: number): Promise<void> {
    await world.db.query(
      `INSERT INTO tds_owed_reads (organization_id, entity_type, zoho_id, reason)
       SELECT $1, $2::tds_entity_type, n::text, 'backfill' FROM generate_series(1, $3::int) n`,
      [ourOrganization, entityType, reads],
    )
  }

  async function callBudget(o: { perMinute: number; perDay: number | null }): Promise<void> {
    await world.db.query(
      `INSERT INTO tds_call_budgets (organization_id, calls_per_minute, calls_per_day, max_in_flight, time_zone, day, day_ends_at)
       VALUES ($1, $2, $3, 5, 'UTC', current_date, tds_now() + interval '10 hours')`,
      [ourOrganization, o.perMinute, o.perDay],
    )
  }
})

function runIdOf({ data }: Envelope): string {
  return (data as { runs: { runId: string }[] }).runs[0]?.runId ?? ''
}

function typesIn({ data }: Envelope): string[] {
  return (data as { runs: { entityType: string }[] }).runs.map((run) => run.entityType)
}

/** Rows of the products' list, each with an id of its own. */
function products(count: number): ExactObject[] {
  const text = entityOf('product')?.example.listRow ?? '{}'
  return Array.from({ length: count }, (_, at) => {
    const row = parseExactText(text).value as ExactObject
    row['item_id'] = `46012200000020${String(at).padStart(4, '0')}`
    row['sku'] = `S-${String(at)}`
    return row
  })
}

import { randomUUID } from 'node:crypto'
import {
  beginRun,
  endRun,
  listLengths,
  listRuns,
  requestRun,
  type NewRun,
  type RunFilter,
} from './sql/index.ts'
import { createTestDatabase, takeOverClock, type TestClock, type TestDatabase } from './testing/index.ts'

describe('listRuns', () => {
  let database: TestDatabase
  let clock: TestClock

  beforeEach(async () => {
    database = await createTestDatabase({ poolSize: 1 })
    clock = await takeOverClock(database.db)
    await clock.set('2026-07-01T10:00:00Z')
  })

  afterEach(() => database.drop())

  it('tells of a run what it did, as numbers, and what waits from what a worker is at', async () => {
    const waiting = await requestRun(database.db, { ...product, reason: 'a look', request: '{"ids":["1"]}' })
    const taken = await beginRun(database.db, product)
    await database.db.query(
      `UPDATE tds_sync_runs SET read = 12400, api_calls = 62, expected_rows = 20000 WHERE id = $1`,
      [taken],
    )
    const runs = new Map((await list({})).map((run) => [run.id, run]))
    expect(runs.get(waiting ?? '')).toMatchObject({
      state: 'waiting',
      reason: 'a look',
      request: '{"ids": ["1"]}',
      read: 0,
      expected_rows: null,
      started_at: '2026-07-01 10:00:00+00',
      completed_at: null,
    })
    expect(runs.get(taken)).toMatchObject({
      state: 'running',
      read: 12400,
      api_calls: 62,
      expected_rows: 20000,
    })
  })

  it('is narrowed by id, organisation, type, kind and state', async () => {
    const one = await beginRun(database.db, product)
    await endRun(database.db, one, { status: 'partial', cursorAfter: null, summary: null })
    const two = await beginRun(database.db, { ...product, entityType: 'bill', runType: 'reconciliation' })
    const three = await beginRun(database.db, { ...product, organizationId: '2' })
    const found = async (filter: RunFilter) => (await list(filter)).map((run) => run.id).sort()
    expect(await found({})).toEqual([one, two, three].sort())
    expect(await found({ ids: [one, three] })).toEqual([one, three].sort())
    expect(await found({ organizationId: '2' })).toEqual([three])
    expect(await found({ entityType: 'bill' })).toEqual([two])
    expect(await found({ runTypes: ['reconciliation'] })).toEqual([two])
    expect(await found({ states: ['partial', 'waiting'] })).toEqual([one])
  })

  it('comes newest first, in pages that neither repeat nor skip runs of one moment', async () => {
    const begun: string[] = []
    for (let count = 0; count < 5; count += 1) begun.push(await beginRun(database.db, product))
    const seen: string[] = []
    for (let after: { at: string; id: string } | null = null; ;) {
      const page = await listRuns(database.db, {}, { limit: 2, after })
      seen.push(...page.map((run) => run.id))
      const last = page.at(-1)
      if (last === undefined) break
      after = { at: last.started_at, id: last.id }
    }
    expect(seen).toEqual([...begun].sort().reverse())
    await clock.advance('1 second')
    const newest = await beginRun(database.db, product)
    expect((await list({}))[0]?.id).toBe(newest)
  })

  it('of whole lists gives the newest length of each type, counted or at most', async () => {
    const lengths = () => listLengths(database.db, '1')
    await past({ mode: 'incremental' }, { status: 'completed', read: 3 })
    await past({ mode: 'full', runType: 'reconciliation' }, { status: 'completed', read: 4 })
    await past({ mode: 'full' }, { status: 'partial', read: 5 })
    expect(await lengths()).toEqual([])
    await past({ mode: 'full', dryRun: true }, { status: 'completed', read: 6 })
    await past({ mode: 'backfill', entityType: 'bill' }, { status: 'cancelled', read: 7, expected: 800 })
    expect(await lengths()).toEqual([
      { entity_type: 'product', rows: 6, counted: true },
      { entity_type: 'bill', rows: 800, counted: false },
    ])
    await past({ mode: 'backfill' }, { status: 'completed', read: 9, expected: 200 })
    expect((await lengths())[0]).toEqual({ entity_type: 'product', rows: 9, counted: true })
    expect(await listLengths(database.db, '2')).toEqual([])
  })

  function list(filter: RunFilter) {
    return listRuns(database.db, filter, { limit: 10, after: null })
  }

  async function past(
    run: Partial<NewRun>,
    o: { status: 'completed' | 'partial' | 'cancelled'; read: number; expected?: number },
  ): Promise<void> {
    await clock.advance('1 minute')
    const id = await beginRun(database.db, { ...product, ...run })
    await database.db.query('UPDATE tds_sync_runs SET read = $2, expected_rows = $3 WHERE id = $1', [
      id,
      o.read,
      o.expected ?? null,
    ])
    await endRun(database.db, id, { status: o.status, cursorAfter: null, summary: null })
  }
})

const product: NewRun = {
  organizationId: '1',
  runType: 'manual',
  entityType: 'product',
  mode: 'incremental',
  dryRun: false,
  workerId: randomUUID(),
  requestedBy: 'ada',
  cursorBefore: null,
}

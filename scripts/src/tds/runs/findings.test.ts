import { insertDifferences, issueCertificate, type NewDifference } from '@tds/db'
import { expectEnvelope } from '../../testing/expect-envelope.ts'
import {
  createTdsWorld,
  ourOrganization,
  runCaptured,
  type Run,
  type TdsWorld,
} from '../../testing/tds-world.ts'
import type { Envelope } from '../output/envelope.ts'

describe('tds reconcile differences', () => {
  let world: TdsWorld

  beforeEach(async () => {
    world = await createTdsWorld()
  })

  afterEach(() => world.drop())

  it('tells of each difference what it is, why, and what became of it', async () => {
    const runId = await beginRun('invoice')
    await keep(runId, 'invoice', [
      difference({ zohoId: '11', fields: ['balance', 'notes'], ours: '{"balance":"1.10"}', theirs: null }),
    ])
    const envelope = await json('reconcile differences')
    expect(envelope.data).toEqual({
      differences: [
        {
          differenceId: '1',
          runId,
          organizationId: ourOrganization,
          entityType: 'invoice',
          recordId: '11',
          class: 'different',
          state: 'left',
          probableCause: 'a balance moved',
          fields: ['balance', 'notes'],
          ours: { balance: '1.10' },
          theirs: null,
          ourVersion: '2026-07-21T13:03:55Z',
          theirVersion: null,
          note: 'the run was not to repair',
          foundAt: expect.stringMatching(/Z$/),
          settledAt: expect.stringMatching(/Z$/),
        },
      ],
    })
    const { out } = await tds('reconcile differences')
    expect(out).toContain('\tinvoice\t11\tdifferent\tleft\tbalance, notes\ta balance moved\t')
    expect((await tds('reconcile differences -o id')).out).toBe('11\n')
  })

  it('narrows by type, run, states and classes', async () => {
    const products = await beginRun('product')
    const invoices = await beginRun('invoice')
    await keep(products, 'product', [
      difference({ zohoId: '1', class: 'damaged', state: 'repaired' }),
      difference({ zohoId: '2', class: 'stale', state: 'found' }),
      difference({ zohoId: '3', class: 'stale', state: 'held' }),
    ])
    await keep(invoices, 'invoice', [difference({ zohoId: '4', class: 'stale', state: 'left' })])
    expect(await idsOf('')).toEqual(['1', '2', '3', '4'])
    expect(await idsOf('--type invoice')).toEqual(['4'])
    expect(await idsOf(`--run ${products}`)).toEqual(['1', '2', '3'])
    expect(await idsOf('--state found,left')).toEqual(['2', '4'])
    expect(await idsOf('--class damaged')).toEqual(['1'])
    expect(await idsOf(`--run ${products} --class stale,damaged --state held,repaired`)).toEqual(['1', '3'])
  })

  it('goes on where the page before ended, and says where the list ends', async () => {
    const runId = await beginRun('product')
    await keep(
      runId,
      'product',
      ['1', '2', '3'].map((zohoId) => difference({ zohoId })),
    )
    const first = await json('reconcile differences --limit 2')
    expect(recordsIn(first)).toEqual(['1', '2'])
    expect(first.meta.truncated).toBe(true)
    const second = await json(`reconcile differences --limit 2 --cursor ${first.meta.nextCursor ?? ''}`)
    expect(recordsIn(second)).toEqual(['3'])
    expect(second.meta.nextCursor).toBeNull()
  })

  it('exits 5 for a run that never was, instead of finding nothing', async () => {
    expect(await json('reconcile differences --run 8f4c1f0e-6b1d-4d0b-8d8e-3b1c5f7a9e21')).toMatchObject({
      exitCode: 5,
      error: { code: 'run_not_found' },
    })
  })

  it.each([
    ['--type warehouse', '--type: expected one of product'],
    ['--run 7', '--run: expected the id of a run'],
    ['--state found,gone', '--state: expected one or more of found'],
    ['--class odd', '--class: expected one or more of missing_here'],
    ['--limit 0', '--limit: expected a whole number'],
    [`--cursor ${Buffer.from('x').toString('base64url')}`, '--cursor: expected the cursor that'],
    [`--cursor ${Buffer.from('9'.repeat(19)).toString('base64url')}`, '--cursor: expected the cursor that'],
  ])('refuses %s with exit 2', async (options, said) => {
    const run = await runCaptured(['reconcile', 'differences', ...options.split(' ')], {})
    expect(run).toMatchObject({ exitCode: 2, out: '' })
    expect(run.err).toContain(said)
  })

  describe('tds certificates', () => {
    it('shows the latest of each type, and names the types that have none', async () => {
      await certify('product', { compared: 5, different: 3 })
      const runId = await certify('product', { compared: 7, different: 2 })
      await certify('invoice', { compared: 1, different: 0 })
      const { data, warnings } = await json('certificates')
      expect(data).toMatchObject({
        certificates: [
          { entityType: 'invoice', compared: 1, equal: 1 },
          {
            entityType: 'product',
            runId,
            organizationId: ourOrganization,
            depth: 'index',
            compared: 7,
            equal: 5,
            different: 2,
            repaired: 1,
            left: 1,
            calls: 0,
            oldestReadAt: null,
            neverRead: 7,
            issuedBy: 'schedule',
          },
        ],
      })
      expect(warnings).toMatchObject([{ code: 'never_proven' }])
      expect(warnings[0]?.message).toContain('tds reconcile customer bill credit_note')
      const { out } = await tds('certificates')
      expect(out.split('\n')[2]).toMatch(/^product\t\S+Z\t7\t5\t2\t1\t1\t0\t\t7\tschedule\t/)
    })

    it('narrows to one type, and says when that was never proven', async () => {
      await certify('product', { compared: 2, different: 0 })
      await certify('invoice', { compared: 3, different: 0 })
      expect(await json('certificates --type product')).toMatchObject({
        data: { certificates: [{ entityType: 'product' }] },
        warnings: [],
      })
      const bills = await json('certificates --type bill')
      expect(bills).toMatchObject({ exitCode: 0, data: { certificates: [] } })
      expect(bills.warnings[0]?.message).toBe(
        'never proven: bill; ask for a comparison with tds reconcile bill',
      )
    })

    it('refuses a type that there is not with exit 2', async () => {
      const run = await runCaptured(['certificates', '--type', 'warehouse'], {})
      expect(run).toMatchObject({ exitCode: 2, out: '' })
    })
  })

  function tds(line: string): Promise<Run> {
    return world.run(line.split(' '))
  }

  async function json(line: string): Promise<Envelope> {
    return expectEnvelope(await tds(`${line} --json`))
  }

  async function idsOf(options: string): Promise<string[]> {
    return recordsIn(await json(`reconcile differences ${options}`.trim()))
  }

  async function beginRun(entityType: string): Promise<string> {
    const { rows } = await world.db.query<{ id: string }>(
      `INSERT INTO tds_sync_runs (organization_id, run_type, entity_type, mode, status, completed_at, worker_id)
       VALUES ($1, 'reconciliation', $2::tds_entity_type, 'index', 'completed', tds_now(), gen_random_uuid())
       RETURNING id`,
      [ourOrganization, entityType],
    )
    return rows[0]?.id ?? ''
  }

  async function keep(
    runId: string,
    entityType: string,
    differences: readonly NewDifference[],
  ): Promise<void> {
    await insertDifferences(world.db, { runId, organizationId: ourOrganization, entityType }, differences)
  }

  async function certify(
    entityType: string,
    counts: { readonly compared: number; readonly different: number },
  ): Promise<string> {
    const runId = await beginRun(entityType)
    await issueCertificate(world.db, {
      runId,
      depth: 'index',
      ...counts,
      repaired: Math.floor(counts.different / 2),
      oldestReadAt: null,
      neverRead: counts.compared,
    })
    return runId
  }
})

function difference(o: Partial<NewDifference> & Pick<NewDifference, 'zohoId'>): NewDifference {
  return {
    class: 'different',
    probableCause: 'a balance moved',
    fields: [],
    ours: null,
    theirs: null,
    ourRevision: 1,
    ourVersion: '2026-07-21 13:03:55+00',
    theirVersion: null,
    state: 'left',
    note: 'the run was not to repair',
    ...o,
  }
}

function recordsIn({ data }: Envelope): string[] {
  return (data as { differences: { recordId: string }[] }).differences.map(({ recordId }) => recordId)
}

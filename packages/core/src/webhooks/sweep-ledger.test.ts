import { TdsError } from '@tds/runtime'
import { captureLogs } from '@tds/runtime/testing'
import { product } from '../entities/product.ts'
import {
  createSyncWorld,
  exampleRecord,
  testOrganization,
  wrapped,
  type SyncWorld,
} from '../testing/sync-world.ts'
import { ledgerUnavailable, type FailedDelivery, type LedgerPage } from './delivery-ledger.ts'
import { sweepLedger, type LedgerSweepParts } from './sweep-ledger.ts'

const id = '573914000000400001'
const other = '573914000000400002'

describe('the sweep of the ledger', () => {
  let world: SyncWorld
  let pages: LedgerPage[]
  let asked: number[]
  let failure: Error | null

  beforeEach(async () => {
    captureLogs()
    world = await createSyncWorld()
    pages = []
    asked = []
    failure = null
  })

  afterEach(() => world.drop())

  it('asks for a read of each record whose delivery failed, and the read brings it as the webhook would have', async () => {
    world.source.hold(id, exampleRecord(product, 'detail', { item_id: id }))
    show([failed({ zohoId: id })])
    expect(await sweep()).toEqual({
      outcome: 'swept',
      calls: 1,
      failures: 1,
      owed: 1,
      unknownModules: 0,
      unreadable: 0,
    })
    expect(await owed()).toEqual([{ zoho_id: id, reason: 'ledger' }])
    await world.settle()
    expect(await audited(id)).toEqual([{ cause: 'webhook', reason: 'named in the list of failed webhooks' }])
  })

  it('makes one call where nothing failed, and none before it is due again', async () => {
    show([])
    expect(await sweep()).toMatchObject({ outcome: 'swept', calls: 1, owed: 0 })
    expect(await sweep({ due: false })).toMatchObject({ outcome: 'not-due', calls: 0 })
    expect(asked).toEqual([1])
  })

  it('makes none at all where it is switched off', async () => {
    expect(await sweep({ everyMinutes: 0 })).toMatchObject({ outcome: 'off' })
    expect(asked).toEqual([])
  })

  it('leaves alone what the mirror has looked at since, and not what it looked at before', async () => {
    for (const [zohoId, age] of [
      [id, '1 minute'],
      [other, '10 minutes'],
    ] as const)
      await query(
        `INSERT INTO tds_products (organization_id, zoho_id, source_read_at, deleted_at)
         VALUES ('${testOrganization}', '${zohoId}', tds_now() - interval '${age}', tds_now())`,
      )
    show([failed({ id: '1', zohoId: id, minutesAgo: 5 }), failed({ id: '2', zohoId: other, minutesAgo: 5 })])
    expect(await sweep()).toMatchObject({ failures: 2, owed: 1 })
    expect(await owed()).toEqual([{ zoho_id: other, reason: 'ledger' }])
  })

  it('deals with an entry once, asks once for a record named often, and deals anew with one that failed anew', async () => {
    const first = failed({ id: '1', zohoId: id, minutesAgo: 4 })
    show([failed({ id: '2', zohoId: id, minutesAgo: 3 }), first, first])
    expect(await sweep()).toMatchObject({ failures: 2, owed: 1 })
    await forgetReads()
    expect(await sweep()).toMatchObject({ failures: 0, owed: 0 })
    show([failed({ id: '1', zohoId: id, minutesAgo: 1 }), ...(pages[0]?.failures ?? [])])
    expect(await sweep()).toMatchObject({ failures: 1, owed: 1 })
  })

  it('finds an entry that shows up late behind others, within ten minutes', async () => {
    const first = failed({ id: '2', zohoId: id, minutesAgo: 1 })
    show([first])
    await sweep()
    show([first, failed({ id: '1', zohoId: other, minutesAgo: 9 })])
    expect(await sweep()).toMatchObject({ failures: 1, owed: 1 })
  })

  it('reads pages until one reaches back behind the last sweep, whatever is said of more', async () => {
    pages = [
      { failures: [failed({ id: '3', zohoId: id, minutesAgo: 1 })], unreadable: 0, hasMore: true },
      {
        failures: [failed({ id: '2', zohoId: other, minutesAgo: 2 }), failed({ id: '1', minutesAgo: 600 })],
        unreadable: 0,
        hasMore: true,
      },
    ]
    expect(await sweep()).toMatchObject({ calls: 2, failures: 2, owed: 2 })
    expect(asked).toEqual([1, 2])
  })

  it('asks for the reads of the pages that it got when a later one fails, and comes back to the rest', async () => {
    const first = failed({ id: '2', zohoId: id, minutesAgo: 1 })
    const second = failed({ id: '1', zohoId: other, minutesAgo: 8 })
    show([first], { hasMore: true })
    expect(await sweep()).toMatchObject({ outcome: 'failed', calls: 1, owed: 1 })
    await query(`UPDATE tds_ledger_sweeps SET read_until = tds_now() - interval '1 hour'`)
    pages = [
      { failures: [first], unreadable: 0, hasMore: true },
      { failures: [second], unreadable: 0, hasMore: false },
    ]
    expect(await sweep()).toMatchObject({ outcome: 'swept', calls: 2, failures: 1, owed: 1 })
    expect(await owed()).toHaveLength(2)
  })

  it('counts kinds of records that are not mirrored and rows that cannot be read, and goes on', async () => {
    show([failed({ id: '1', module: 'salesorder', entityType: null }), failed({ id: '2', zohoId: id })], {
      unreadable: 3,
    })
    expect(await sweep()).toMatchObject({ failures: 2, unknownModules: 1, unreadable: 3, owed: 1 })
  })

  it('does not let an entry from the future hide what fails meanwhile', async () => {
    show([failed({ id: '9', zohoId: other, minutesAgo: -100_000 })])
    await sweep()
    show([failed({ id: '1', zohoId: id, minutesAgo: 1 })])
    expect(await sweep()).toMatchObject({ failures: 1, owed: 1 })
  })

  it('reads one page of a list in which it can read nothing', async () => {
    show([], { unreadable: 200, hasMore: true })
    expect(await sweep()).toMatchObject({ outcome: 'swept', calls: 1, unreadable: 200 })
  })

  it('stops asking for a day where the list is not shown to us, and asks again afterwards', async () => {
    failure = fault(ledgerUnavailable, 'reject')
    expect(await sweep()).toMatchObject({ outcome: 'unavailable' })
    failure = null
    show([])
    expect(await sweep()).toMatchObject({ outcome: 'not-due' })
    await query(`UPDATE tds_ledger_sweeps SET unavailable_until = unavailable_until - interval '1 day'`)
    expect(await sweep()).toMatchObject({ outcome: 'swept' })
    expect(await query('SELECT unavailable_until, last_error FROM tds_ledger_sweeps')).toEqual([
      { unavailable_until: null, last_error: null },
    ])
  })

  it('is tried again at the next turn when a call fails, and loses nothing', async () => {
    failure = fault('zoho_unavailable', 'retry')
    expect(await sweep()).toMatchObject({ outcome: 'failed', calls: 0 })
    failure = null
    show([failed({ zohoId: id })])
    expect(await sweep()).toMatchObject({ outcome: 'swept', owed: 1 })
  })

  it('changes nothing once another process leads', async () => {
    show([failed({ zohoId: id })])
    let turns = 0
    const lost = fault('lease_lost', 'retry')
    const guard = () => ((turns += 1) === 1 ? Promise.resolve() : Promise.reject(lost))
    await expect(sweep({ lease: { guard } })).rejects.toBe(lost)
    expect(await owed()).toEqual([])
    expect(await query('SELECT handled FROM tds_ledger_sweeps')).toEqual([{ handled: [] }])
  })

  it('brings what a failed webhook of a deletion would have told', async () => {
    const body = wrapped(product, exampleRecord(product, 'webhook', { item_id: id }))
    await world.receive({ entity: product, zohoId: id, body })
    await world.settle()
    await query(`UPDATE tds_products SET source_read_at = tds_now() - interval '1 hour'`)
    world.source.remove(id)
    show([failed({ zohoId: id })])
    await sweep()
    await world.settle()
    expect((await world.row(product, id))?.['deleted_at']).not.toBeNull()
  })

  function show(failures: FailedDelivery[], o: Partial<LedgerPage> = {}): void {
    pages = [{ failures, unreadable: 0, hasMore: false, ...o }]
  }

  function failed(o: Partial<FailedDelivery> & { minutesAgo?: number } = {}): FailedDelivery {
    const { minutesAgo = 1, ...given } = o
    const second = Math.floor(Date.now() / 1000) - minutesAgo * 60
    return {
      id: '1',
      entityType: 'product',
      module: 'item',
      zohoId: id,
      failedAt: second * 1_000_000,
      ...given,
    }
  }

  function fault(code: string, disposition: 'retry' | 'reject'): TdsError {
    return new TdsError(code, { code, disposition, nextStep: '-' })
  }

  async function sweep(o: { everyMinutes?: number; due?: boolean; lease?: LedgerSweepParts['lease'] } = {}) {
    if (o.due !== false)
      await query(`UPDATE tds_ledger_sweeps SET tried_at = tds_now() - interval '6 minutes'`)
    return sweepLedger(
      {
        ...world.parts,
        lease: o.lease ?? { guard: () => Promise.resolve() },
        signal: new AbortController().signal,
        ledger: {
          readPage: ({ page }) => {
            asked.push(page)
            const shown = pages[page - 1]
            if (failure !== null) return Promise.reject(failure)
            return shown === undefined
              ? Promise.reject(fault('zoho_unavailable', 'retry'))
              : Promise.resolve(shown)
          },
        },
      },
      { organizationId: testOrganization, everyMinutes: o.everyMinutes ?? 5 },
    )
  }

  async function query(sql: string): Promise<Record<string, unknown>[]> {
    return (await world.db.query(sql)).rows
  }

  function owed() {
    return query('SELECT zoho_id, reason FROM tds_owed_reads ORDER BY zoho_id')
  }

  function forgetReads() {
    return query('DELETE FROM tds_owed_reads')
  }

  function audited(zohoId: string) {
    return query(`SELECT cause, reason FROM tds_audit_trail WHERE entity_id = '${zohoId}'`)
  }
})

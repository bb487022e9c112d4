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
import { hastenReads } from './hasten-reads.ts'

const zohoId = '460122000000900001'

describe('a read that is held until the next day begins', () => {
  let world: SyncWorld
  let sent: string[]

  beforeEach(async () => {
    captureLogs()
    sent = []
    world = await createSyncWorld()
    await world.db.query(
      `INSERT INTO tds_call_budgets (organization_id, calls_per_minute, calls_per_day, max_in_flight, time_zone, day,
              day_ends_at, day_used, told_remaining, exhausted_until)
       VALUES ($1, 90, 1000, 5, 'UTC', tds_now()::date, tds_now() + interval '9 hours', 1000, 0, tds_now() + interval '9 hours')`,
      [testOrganization],
    )
    world.source.hold(zohoId, exampleRecord(product, 'detail', { item_id: zohoId }))
  })
  afterEach(async () => {
    await world.drop()
  })

  /** An event whose read the budget refused. */
  async function holdOne(code: string, waitMs: number): Promise<string> {
    world.source.refuse(
      new TdsError('no call is left', {
        code,
        disposition: 'retry',
        nextStep: 'wait',
        facts: { retryAfterMs: waitMs },
      }),
    )
    const body = wrapped(product, Object.assign(Object.create(null), { item_id: zohoId }))
    const id = await world.receive({ entity: product, zohoId, body })
    await world.settle()
    world.source.refuse(null)
    return id
  }

  function hasten(perDay: number | null) {
    const queue: typeof world.parts.queue = {
      send: (_tx, job, items) => {
        sent.push(...items.map(() => job))
        return Promise.resolve()
      },
    }
    return hastenReads({ db: world.db, queue }, { perDay })
  }

  it('stays held while the day has no calls, and goes on once calls were bought', async () => {
    const id = await holdOne('zoho_quota_exhausted', 9 * 3_600_000)
    expect(await hasten(1000)).toEqual({ hastened: 0, more: 0 })
    await world.db.query('UPDATE tds_call_budgets SET told_remaining = NULL, exhausted_until = NULL')
    expect(await hasten(1000)).toEqual({ hastened: 0, more: 0 })
    expect(await hasten(2000)).toEqual({ hastened: 1, more: 0 })
    expect(sent).toEqual(['read-record'])
    await world.settle()
    expect(await world.status(id)).toBe('applied')
  })

  it('goes on where only Zoho has a limit of the day', async () => {
    await holdOne('zoho_quota_exhausted', 9 * 3_600_000)
    await world.db.query('UPDATE tds_call_budgets SET told_remaining = NULL, exhausted_until = NULL')
    expect(await hasten(null)).toEqual({ hastened: 1, more: 0 })
  })

  it('stays held for minutes, and for another reason than the day', async () => {
    await world.db.query('UPDATE tds_call_budgets SET told_remaining = NULL, exhausted_until = NULL')
    await holdOne('zoho_quota_exhausted', 600_000)
    expect(await hasten(null)).toEqual({ hastened: 0, more: 0 })
    await world.db.query(
      `UPDATE tds_owed_reads SET held_until = tds_now() + interval '9 hours', last_error = 'zoho_circuit_open: down'`,
    )
    expect(await hasten(null)).toEqual({ hastened: 0, more: 0 })
  })
})

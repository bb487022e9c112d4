import { randomUUID } from 'node:crypto'

import { manualClock } from '@tds/runtime/testing'

import { openDatabase, type Database } from './database.ts'
import { leaderDuty } from './leader-duty.ts'
import { leaseCandidate, type LeaderLease, type LeaseCandidate } from './leader-lease.ts'
import { createTestDatabase, type TestDatabase } from './testing/index.ts'

describe('a leader lease', () => {
  let database: TestDatabase
  let db: Database
  const opened: Database[] = []

  beforeEach(async () => {
    database = await createTestDatabase({ poolSize: 6 })
    db = database.db
    await db.query('CREATE TABLE marks (place bigint GENERATED ALWAYS AS IDENTITY, made_by text)')
  })

  afterEach(async () => {
    for (const other of opened.splice(0)) await other.close()
    await database.drop()
  })

  function stand(o: Partial<Parameters<typeof leaseCandidate>[0]> = {}): LeaseCandidate {
    return leaseCandidate({ db, name: 'retention', holder: randomUUID(), ...o })
  }

  async function elect(candidate: LeaseCandidate): Promise<LeaderLease> {
    const lease = await candidate.campaign()
    if (lease === null) throw new Error('the lease was not to be had')
    return lease
  }

  async function mark(lease: LeaderLease, by: string, meanwhile?: () => Promise<void>): Promise<void> {
    await db.transaction(async (tx) => {
      await lease.guard(tx)
      await meanwhile?.()
      await tx.query('INSERT INTO marks (made_by) VALUES ($1)', [by])
    })
  }

  async function marks(): Promise<string[]> {
    const { rows } = await db.query<{ made_by: string }>('SELECT made_by FROM marks ORDER BY place')
    return rows.map((row) => row.made_by)
  }

  /** The same database for whoever connects from now on, with its clock moved. */
  async function withClockMoved(by: string): Promise<Database> {
    const name = new URL(database.url).pathname.slice(1)
    await db.query(`ALTER DATABASE ${name} SET tds.clock_offset = '${by}'`)
    const moved = openDatabase({ url: database.url, applicationName: 'tds-moved', poolSize: 2 })
    opened.push(moved)
    return moved
  }

  it('goes to one of many that ask in the same moment', async () => {
    const candidates = Array.from({ length: 6 }, () => stand())
    const leases = await Promise.all(candidates.map((candidate) => candidate.campaign()))
    expect(leases.filter((lease) => lease !== null)).toHaveLength(1)
  })

  it('stays with its holder as long as that renews it, and keeps its epoch', async () => {
    const holder = stand()
    const first = await elect(holder)
    expect(await holder.campaign()).toBe(first)
    expect(await stand().campaign()).toBeNull()
    await expect(mark(first, 'holder')).resolves.toBeUndefined()
  })

  it('leads different duties with different holders', async () => {
    const [one, two] = [stand(), stand({ name: 'sealing' })]
    expect(await one.campaign()).not.toBeNull()
    expect(await two.campaign()).not.toBeNull()
  })

  it('passes at once from a holder that resigns to the next that asks', async () => {
    const leaver = stand()
    const old = await elect(leaver)
    await leaver.resign()
    expect(old.signal.aborted).toBe(true)
    const next = await elect(stand())
    expect(BigInt(next.epoch)).toBe(BigInt(old.epoch) + 1n)
  })

  it('F-17: passes on when its holder has died and its time is over, and refuses the late write of the dead', async () => {
    const dead = await elect(stand({ ttlSeconds: 0.2 }))
    const heir = stand()
    expect(await heir.campaign()).toBeNull()
    await db.query('SELECT pg_sleep(0.25)')
    const lease = await elect(heir)
    await expect(mark(dead, 'the dead')).rejects.toMatchObject({ code: 'lease_lost', disposition: 'retry' })
    await mark(lease, 'the heir')
    expect(await marks()).toEqual(['the heir'])
  })

  it('F-18: outlives the sessions of its holder: what was in flight is not written, and nobody else leads meanwhile', async () => {
    const holder = stand()
    const lease = await elect(holder)
    const cut = mark(lease, 'in flight', async () => {
      await db.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
          WHERE datname = current_database() AND pid <> pg_backend_pid()`,
      )
    })
    await expect(cut).rejects.toThrow()
    expect(await stand().campaign()).toBeNull()
    expect(await holder.campaign()).toBe(lease)
    await mark(lease, 'the holder')
    expect(await marks()).toEqual(['the holder'])
  })

  it('refuses the late write of a holder whose time is over, also while nobody has taken over', async () => {
    const late = await elect(stand({ ttlSeconds: 0.1 }))
    await db.query('SELECT pg_sleep(0.15)')
    await expect(mark(late, 'late')).rejects.toMatchObject({ code: 'lease_lost' })
    expect(await marks()).toEqual([])
  })

  it('is not taken over between the look and the commit of a guarded write', async () => {
    const slow = await elect(stand({ ttlSeconds: 0.1 }))
    const heir = stand()
    let takeOver: Promise<LeaderLease> | undefined
    await mark(slow, 'slow', async () => {
      await db.query('SELECT pg_sleep(0.15)')
      takeOver = elect(heir)
      // It waits for this transaction, although the lease has run out.
      expect(await Promise.race([takeOver, db.query('SELECT pg_sleep(0.2)').then(() => 'waits')])).toBe(
        'waits',
      )
    })
    const lease = await takeOver
    if (lease === undefined) throw new Error('nobody took over')
    await mark(lease, 'heir')
    expect(await marks()).toEqual(['slow', 'heir'])
  })

  it('comes back to a holder whose answer was lost, as a new term that ends the old one', async () => {
    const holder = randomUUID()
    const lost = await elect(stand({ holder }))
    const again = await elect(stand({ holder }))
    expect(BigInt(again.epoch)).toBe(BigInt(lost.epoch) + 1n)
    await expect(mark(lost, 'lost')).rejects.toMatchObject({ code: 'lease_lost' })
  })

  it('is not renewed after its end: its holder has to win it again', async () => {
    const holder = stand({ ttlSeconds: 0.1, clock: manualClock() })
    const first = await elect(holder)
    await db.query('SELECT pg_sleep(0.15)')
    const second = await elect(holder)
    expect(first.signal.aborted).toBe(true)
    expect(BigInt(second.epoch)).toBe(BigInt(first.epoch) + 1n)
  })

  it('counts by the clock of the database: the clock of a holder says nothing', async () => {
    const clock = manualClock(new Date('2001-01-01T00:00:00Z'))
    const lease = await elect(stand({ clock }))
    await expect(mark(lease, 'holder')).resolves.toBeUndefined()
    expect(await stand({ clock: manualClock(new Date('2099-01-01T00:00:00Z')) }).campaign()).toBeNull()
  })

  it('makes a holder stop by itself when it could not renew in time, without asking anybody', async () => {
    const clock = manualClock()
    const holder = stand({ clock })
    const lease = await elect(holder)
    await clock.advance(29_999)
    expect(holder.current()).toBe(lease)
    await clock.advance(1)
    expect(holder.current()).toBeNull()
    expect(lease.signal.aborted).toBe(true)
  })

  it('is over for everybody when the clock of the database jumps ahead of its end', async () => {
    const lease = await elect(stand())
    const moved = await withClockMoved('31 seconds')
    const heir = await elect(stand({ db: moved }))
    expect(BigInt(heir.epoch)).toBe(BigInt(lease.epoch) + 1n)
    await expect(mark(lease, 'late')).rejects.toMatchObject({ code: 'lease_lost' })
  })

  it('F-16: does not lock a duty up when the clock of the database is set back by an hour', async () => {
    await elect(stand())
    const moved = await withClockMoved('-1 hour')
    expect(await stand({ db: moved }).campaign()).not.toBeNull()
  })

  describe('as a duty', () => {
    interface Duty {
      readonly start: () => Promise<void>
      readonly stop: () => Promise<void>
      readonly passed: () => Promise<void>
    }

    function duty(by: string, ttlSeconds = 0.6): Duty {
      let tell: (() => void)[] = []
      const runs = leaderDuty({
        name: 'marking',
        db,
        holder: randomUUID(),
        everyMs: 10,
        ttlSeconds,
        runOnce: async (lease) => {
          await mark(lease, by)
          for (const listener of tell.splice(0)) listener()
          return { marked: 1 }
        },
      })
      return {
        start: () => runs.start(),
        stop: () => runs.stop(),
        passed: () =>
          new Promise((resolve) => {
            tell = [...tell, resolve]
          }),
      }
    }

    it('is done by one of two, and by the other as soon as that one stops', async () => {
      const [first, second] = [duty('first'), duty('second')]
      await first.start()
      await first.passed()
      await second.start()
      await first.passed()
      await first.stop()
      await second.passed()
      await second.stop()
      const made = await marks()
      expect(made.lastIndexOf('first')).toBeLessThan(made.indexOf('second'))
    })

    it('goes on past the end of one lease, because it is renewed', async () => {
      const led = duty('led', 3)
      await led.start()
      await led.passed()
      await db.query('SELECT pg_sleep(3.5)')
      await led.passed()
      await led.stop()
      const { rows } = await db.query('SELECT epoch FROM tds_leases')
      expect(rows).toEqual([{ epoch: '1' }])
    })

    it('is taken over from one that died without saying so', async () => {
      const dead = stand({ name: 'marking', ttlSeconds: 0.6 })
      await elect(dead)
      const heir = duty('heir')
      await heir.start()
      await heir.passed()
      await heir.stop()
      expect(await marks()).toContain('heir')
    })
  })
})

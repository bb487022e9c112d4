import { randomUUID } from 'node:crypto'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { type Database, foldDuplicateTallies, openDatabase, type Transaction } from '@tds/db'
import { createTestDatabase, type TestDatabase } from '@tds/db/testing'
import { createQueue, type Queue } from '@tds/queue'
import { TdsError } from '@tds/runtime'
import { describeService } from '@tds/runtime/testing'
import { eventId, idempotencyKey, unusableKey } from './idempotency-key.ts'
import { unstorableReason, type IncomingEvent } from './incoming-event.ts'
import { createIntake, type Intake, type IntakeOptions } from './intake.ts'
import { storeSpooled } from './store-spooled.ts'

const organizationId = '790412365'

let test: TestDatabase
let queue: Queue
const running: Intake[] = []

beforeAll(async () => {
  test = await createTestDatabase({ poolSize: 10 })
  queue = createQueue({ db: test.db, role: 'sender' })
  await queue.start()
})
beforeEach(async () => {
  await test.db.query('TRUNCATE tds_inbox_events, tds_event_counts, tds_duplicate_tallies')
  await test.db.query('DELETE FROM pgboss.job')
})
afterEach(async () => {
  await Promise.all(running.splice(0).map(async (intake) => intake.stop()))
})
afterAll(async () => {
  await queue.stop()
  await test.drop()
})

describeService('intake', () => ({ service: createIntake({ db: test.db, queue, daemonId: randomUUID() }) }))

describe('intake', () => {
  it('stores a lone delivery, its counter and its job together', async () => {
    const intake = await startIntake()
    const event = versioned()
    expect(await intake.accept(event)).toEqual({
      eventId: event.id,
      outcome: 'accepted',
      reason: null,
      detail: null,
    })
    expect(await rows()).toEqual([
      expect.objectContaining({
        id: event.id,
        status: 'pending',
        raw_body: event.rawBody,
        payload: '{"item": {"rate": 1.10, "item_id": "460122000000101014"}}',
        headers: '{"host": "test"}',
        remote_address: '192.0.2.7',
        flags: ['bom'],
        duplicate_count: 0,
        foldable: false,
      }),
    ])
    expect(await counted()).toEqual({ pending: 1 })
    expect(await eventsInJobs()).toEqual([event.id])
  })

  it('takes the time of receipt from the database', async () => {
    const intake = await startIntake()
    await test.db.query(`SELECT set_config('tds.clock_offset', '', false)`)
    await intake.accept(versioned())
    const { rows: found } = await test.db.query<{ recent: boolean }>(
      `SELECT received_at BETWEEN tds_now() - interval '5 seconds' AND tds_now() AS recent FROM tds_inbox_events`,
    )
    expect(found).toEqual([{ recent: true }])
  })

  it('gathers what arrives in the same moment into one transaction', async () => {
    const watched = countingTransactions(test.db)
    const intake = await startIntake({ db: watched.db })
    await acceptAll(intake, Array.from({ length: 150 }, versioned))
    expect(watched.transactions()).toBe(1)
    expect(await rows()).toHaveLength(150)
  })

  it('gathers what arrives while a transaction is under way', async () => {
    const watched = countingTransactions(test.db)
    const intake = await startIntake({ db: watched.db })
    const first = intake.accept(versioned())
    await watched.begun()
    await Promise.all([first, ...Array.from({ length: 40 }, async () => intake.accept(versioned()))])
    expect(watched.transactions()).toBe(2)
  })

  it('lets what arrives beside a transaction under way gather, and go when it is enough', async () => {
    const watched = countingTransactions(test.db)
    const intake = await startIntake({ db: watched.db, gatherCount: 5, gatherMs: 60_000 })
    const first = intake.accept(versioned())
    await watched.begun()
    const gathered = Array.from({ length: 4 }, async () => intake.accept(versioned()))
    await nextTurn()
    expect(watched.transactions()).toBe(1)
    gathered.push(intake.accept(versioned()))
    await Promise.all([first, ...gathered])
    expect(watched.transactions()).toBe(2)
  })

  it('does not hold back what gathers once no transaction is under way any more', async () => {
    const intake = await startIntake({ gatherCount: 100, gatherMs: 60_000 })
    const answers = [intake.accept(versioned())]
    await nextTurn()
    answers.push(intake.accept(versioned()), intake.accept(versioned()))
    expect(await Promise.all(answers)).toHaveLength(3)
  })

  it('takes no more into a transaction than its limits allow', async () => {
    const watched = countingTransactions(test.db)
    const intake = await startIntake({ db: watched.db, maxBatch: 10, maxBatchBytes: 300 })
    await acceptAll(intake, Array.from({ length: 25 }, versioned))
    expect(watched.transactions()).toBeGreaterThanOrEqual(5)
    expect(await rows()).toHaveLength(25)
  })

  it('gives a quarantined delivery a row and a counter but no job', async () => {
    const intake = await startIntake()
    const event = unusable('not_json')
    expect(await intake.accept(event)).toEqual({
      eventId: event.id,
      outcome: 'quarantined',
      reason: 'not_json',
      detail: 'The body breaks off.',
    })
    expect(await intake.accept(event)).toMatchObject({ eventId: event.id, outcome: 'duplicate' })
    expect(await rows()).toEqual([
      expect.objectContaining({ status: 'quarantined', payload: null, duplicate_count: 1 }),
    ])
    expect(await counted()).toEqual({ quarantined: 1 })
    expect(await eventsInJobs()).toEqual([])
  })

  it('refuses at once when it holds as many deliveries as it may', async () => {
    const intake = await startIntake({ maxHeld: 3 })
    const outcomes = await acceptAllSettled(intake, Array.from({ length: 5 }, versioned))
    expect(outcomes).toEqual(['accepted', 'accepted', 'accepted', 'intake_overloaded', 'intake_overloaded'])
    await expect(intake.accept(versioned())).resolves.toMatchObject({ outcome: 'accepted' })
  })

  it('refuses at once when it holds as many bytes as it may', async () => {
    const intake = await startIntake({ maxHeldBytes: 100 })
    expect(await acceptAllSettled(intake, [versioned(), versioned()])).toEqual([
      'accepted',
      'intake_overloaded',
    ])
  })

  it('takes nothing before it is started and after it is stopped, and finishes what it has accepted', async () => {
    const intake = createIntake({ db: test.db, queue, daemonId: randomUUID() })
    await expect(intake.accept(versioned())).rejects.toMatchObject({
      code: 'intake_closed',
      disposition: 'retry',
    })
    await intake.start()
    const accepted = Array.from({ length: 30 }, async () => intake.accept(versioned()))
    const stopped = intake.stop()
    await stopped
    await expect(intake.accept(versioned())).rejects.toMatchObject({ code: 'intake_closed' })
    expect(await rows()).toHaveLength(30)
    expect(await Promise.all(accepted)).toHaveLength(30)
  })
})

describe('intake of duplicates', () => {
  it('accepts one of fifty that arrive together and counts the others on its row', async () => {
    const intake = await startIntake()
    const event = versioned()
    const outcomes = await acceptAll(
      intake,
      Array.from({ length: 50 }, () => event),
    )
    expect(outcomes.filter(({ outcome }) => outcome === 'accepted')).toHaveLength(1)
    expect(outcomes.filter(({ outcome }) => outcome === 'duplicate')).toHaveLength(49)
    expect(new Set(outcomes.map(({ eventId: id }) => id))).toEqual(new Set([event.id]))
    expect(await duplicates()).toBe(49)
    expect(await rows()).toEqual([
      expect.objectContaining({ duplicate_count: 49, last_duplicate_at: expect.anything() }),
    ])
    expect(await eventsInJobs()).toEqual([event.id])
  })

  it('accepts one of fifty that two intakes get at the same time', async () => {
    const [one, two] = [await startIntake({ lanes: 2 }), await startIntake({ lanes: 2 })]
    const events = Array.from({ length: 5 }, versioned)
    const answers = await Promise.all(
      Array.from({ length: 50 }, async (_, turn) => {
        // Each intake sees them in another order, which must not make them wait for each other.
        const inOrder = turn % 2 === 0 ? events : events.toReversed()
        return acceptAll(turn % 2 === 0 ? one : two, inOrder)
      }),
    )
    const accepted = answers.flat().filter(({ outcome }) => outcome === 'accepted')
    expect(accepted.map(({ eventId: id }) => id).sort()).toEqual(events.map(({ id }) => id).sort())
    await foldAll()
    expect(await duplicates()).toBe(245)
    expect(await counted()).toEqual({ pending: 5 })
    expect((await eventsInJobs()).sort()).toEqual(events.map(({ id }) => id).sort())
  })

  it('never waits for a row that somebody holds: the duplicate is noted and counted when the row is free', async () => {
    const intake = await startIntake({ deadlineMs: 1000 })
    const event = versioned()
    await intake.accept(event)
    await whileAnotherSession(
      'SELECT FROM tds_inbox_events WHERE id = $1 FOR UPDATE',
      [event.id],
      async () => {
        await expect(intake.accept(event)).resolves.toMatchObject({ outcome: 'duplicate', eventId: event.id })
        expect(await foldWhatIsSeen()).toEqual({ folded: 0, orphaned: 0, left: 1 })
      },
    )
    await foldAll()
    expect(await duplicates()).toBe(1)
    const { rows: tallies } = await test.db.query('SELECT * FROM tds_duplicate_tallies')
    expect(tallies).toEqual([])
  })

  it('finds its way round a row that a stopped worker has changed and not committed, and takes the others along', async () => {
    const impatient = openDatabase({
      url: test.url,
      applicationName: 'intake-test',
      poolSize: 4,
      lockTimeoutMs: 100,
    })
    const intake = await startIntake({ db: impatient })
    const known = versioned()
    const fresh = versioned()
    await intake.accept(known)
    const change = `UPDATE tds_inbox_events SET status = 'applied', processed_at = tds_now() WHERE id = $1`
    await whileAnotherSession(change, [known.id], async () => {
      expect(await acceptAllSettled(intake, [known, fresh])).toEqual(['duplicate', 'accepted'])
    })
    await intake.stop()
    await impatient.close()
  })

  it('counts each of the tallies once when two apis fold them at the same time', async () => {
    const intake = await startIntake()
    const event = versioned()
    await intake.accept(event)
    await test.db.query(
      `INSERT INTO tds_duplicate_tallies (event_id, times) SELECT $1::uuid, 2 FROM generate_series(1, 100)`,
      [event.id],
    )
    await Promise.all(Array.from({ length: 4 }, async () => foldDuplicateTallies(test.db, 1000)))
    await foldAll()
    expect(await duplicates()).toBe(200)
  })

  it('throws away the tallies of an event that has been pruned', async () => {
    await test.db.query(`INSERT INTO tds_duplicate_tallies (event_id, times) VALUES (gen_random_uuid(), 3)`)
    expect(await foldDuplicateTallies(test.db, 1000)).toEqual({ folded: 0, orphaned: 1, left: 0 })
  })
})

describe('intake of deliveries without a version', () => {
  it('folds one into its twin while nobody has claimed that', async () => {
    const intake = await startIntake()
    const [first, second] = [thin(), thin()]
    expect(first.idempotencyKey).not.toBe(second.idempotencyKey)
    await intake.accept(first)
    await expect(intake.accept(second)).resolves.toMatchObject({ outcome: 'duplicate', eventId: first.id })
    expect(await rows()).toEqual([
      expect.objectContaining({ id: first.id, foldable: true, duplicate_count: 1 }),
    ])
  })

  it('folds those of one batch into its first', async () => {
    const intake = await startIntake()
    const twins = [thin(), thin(), thin()]
    const answers = await acceptAll(intake, twins)
    expect(answers.map(({ outcome }) => outcome)).toEqual(['accepted', 'duplicate', 'duplicate'])
    expect(new Set(answers.map(({ eventId: id }) => id))).toEqual(new Set([twins[0]?.id]))
  })

  it('takes one as new once its twin has been claimed', async () => {
    const intake = await startIntake()
    const [first, second] = [thin(), thin()]
    await intake.accept(first)
    await test.db.query('UPDATE tds_inbox_events SET foldable = false')
    await expect(intake.accept(second)).resolves.toMatchObject({ outcome: 'accepted', eventId: second.id })
    expect((await eventsInJobs()).sort()).toEqual([first.id, second.id].sort())
  })

  it('takes one as new when its twin is claimed between colliding and counting', async () => {
    const first = thin()
    await (await startIntake()).accept(first)
    const second = thin()
    const claimedMeanwhile = interfering(test.db, async (text) => {
      if (text.includes('SKIP LOCKED')) await test.db.query('UPDATE tds_inbox_events SET foldable = false')
    })
    const intake = await startIntake({ db: claimedMeanwhile })
    await expect(intake.accept(second)).resolves.toMatchObject({ outcome: 'accepted', eventId: second.id })
    expect(await rows()).toHaveLength(2)
  })
})

describe('intake of what Postgres refuses', () => {
  it('keeps the bytes of the guilty delivery in quarantine and stores the others of its batch', async () => {
    const intake = await startIntake()
    const sound = Array.from({ length: 40 }, versioned)
    const guilty = { ...versioned(), payload: '{"item": "\\u0000"}' }
    const answers = await acceptAll(intake, [...sound.slice(0, 17), guilty, ...sound.slice(17)])
    expect(answers.filter(({ outcome }) => outcome === 'accepted')).toHaveLength(40)
    expect(answers[17]).toMatchObject({ outcome: 'quarantined', reason: unstorableReason })
    const { rows: kept } = await test.db.query('SELECT * FROM tds_inbox_events WHERE error_code = $1', [
      unstorableReason,
    ])
    expect(kept).toEqual([
      expect.objectContaining({
        id: answers[17]?.eventId,
        raw_body: guilty.rawBody,
        payload: null,
        status: 'quarantined',
      }),
    ])
    expect(await counted()).toEqual({ pending: 40, quarantined: 1 })
    expect(await eventsInJobs()).toHaveLength(40)
  })

  it.each([
    ['an id with NUL', { sourceEntityId: 'a\u0000b' }],
    ['a header with NUL', { headers: { name: 'a\u0000b' } }],
    [
      'a key too long for the index',
      { idempotencyKey: Array.from({ length: 2000 }, () => randomUUID()).join('') },
    ],
    ['an address that is none', { remoteAddress: 'nowhere' }],
  ])('keeps the bytes of a delivery with %s', async (_what, fault) => {
    const intake = await startIntake()
    await expect(intake.accept({ ...versioned(), ...fault })).resolves.toMatchObject({
      reason: unstorableReason,
    })
    expect(await rows()).toHaveLength(1)
  })
})

describe('storing what was spooled', () => {
  const mover = { daemonId: randomUUID(), lane: 2 }
  const store = async (events: readonly IncomingEvent[]) =>
    storeSpooled({ db: test.db, queue, mover }, events)

  it('stores rows, counters and jobs as live intake does, and folds nothing', async () => {
    const spooled = [versioned(), thin(), thin()]
    const answers = await store(spooled)
    expect(answers.map(({ eventId: id, outcome }) => ({ id, outcome }))).toEqual(
      spooled.map(({ id }) => ({ id, outcome: 'accepted' })),
    )
    expect((await rows()).map((row) => row['foldable'])).toEqual([false, false, false])
    expect(await counted()).toEqual({ pending: 3 })
    expect(await eventsInJobs()).toHaveLength(3)
  })

  it('makes one row of a delivery that was committed after all, and counts nothing', async () => {
    const intake = await startIntake()
    const spooled = [versioned(), thin()]
    await acceptAll(intake, spooled)
    expect((await store(spooled)).map(({ eventId: id }) => id)).toEqual(spooled.map(({ id }) => id))
    expect(await rows()).toHaveLength(2)
    expect(await duplicates()).toBe(0)
    expect(await eventsInJobs()).toHaveLength(2)
  })

  it('keeps the id that was promised when Postgres refuses the content', async () => {
    const guilty = { ...versioned(), payload: '{"item": "\\u0000"}' }
    await store([versioned(), guilty, versioned()])
    const kept = (await rows()).find((row) => row['status'] === 'quarantined')
    expect(kept).toMatchObject({ id: guilty.id, error_code: unstorableReason, raw_body: guilty.rawBody })
    await store([guilty])
    expect(await counted()).toEqual({ pending: 2, quarantined: 1 })
  })

  it('fails whole where the schema does not fit, and stores all of it afterwards', async () => {
    const spooled = Array.from({ length: 5 }, versioned)
    await test.db.query('ALTER TABLE tds_inbox_events RENAME COLUMN flags TO no_flags')
    await expect(store(spooled)).rejects.toMatchObject({ code: 'database_statement' })
    await test.db.query('ALTER TABLE tds_inbox_events RENAME COLUMN no_flags TO flags')
    expect(await rows()).toEqual([])
    await store(spooled)
    expect(await rows()).toHaveLength(5)
  })
})

describe('intake without its database', () => {
  it('refuses within the deadline what a locked table does not let in, and promises nothing', async () => {
    const intake = await startIntake({ deadlineMs: 300 })
    const startedAt = performance.now()
    await whileAnotherSession(lockTable, [], async () => {
      const outcomes = await acceptAllSettled(intake, Array.from({ length: 5 }, versioned))
      expect(outcomes).toEqual(Array.from({ length: 5 }, () => 'intake_deadline'))
    })
    // Ten times the deadline: a machine that others use may be late, but not by that.
    expect(performance.now() - startedAt).toBeLessThan(3000)
    await intake.stop()
    expect(await eventsInJobs()).toHaveLength((await rows()).length)
  })

  it('works again after that without being told', async () => {
    const intake = await startIntake({ deadlineMs: 300 })
    await whileAnotherSession(lockTable, [], async () => {
      await acceptAllSettled(intake, [versioned()])
    })
    await expect(intake.accept(versioned())).resolves.toMatchObject({ outcome: 'accepted' })
  })

  it('stores a delivery once when its connection is lost, and accepts it all the same', async () => {
    let losses = 2
    const losing = interfering(test.db, async (text, tx) => {
      if (!text.includes('INSERT INTO tds_inbox_events') || losses === 0) return
      losses -= 1
      await tx.query('SELECT pg_terminate_backend(pg_backend_pid())')
    })
    const intake = await startIntake({ db: losing })
    const event = versioned()
    await expect(intake.accept(event)).resolves.toMatchObject({ outcome: 'accepted', eventId: event.id })
    expect(losses).toBe(0)
    expect(await eventsInJobs()).toEqual([event.id])
  })

  it.each([
    ['with a version', versioned],
    ['without a version', thin],
  ])(
    'takes a delivery %s whose commit was not confirmed for what it is, not for a duplicate',
    async (_what, make) => {
      let lost = false
      const forgetful: Database = {
        ...test.db,
        transaction: async (work) => {
          const result = await test.db.transaction(work)
          if (lost) return result
          lost = true
          throw new TdsError('the connection was lost after the commit', {
            code: 'database_unavailable',
            disposition: 'retry',
            nextStep: 'none',
          })
        },
      }
      const intake = await startIntake({ db: forgetful })
      const event = make()
      const answers = await acceptAll(intake, [event, event])
      expect(answers.map(({ outcome }) => outcome)).toEqual(['accepted', 'duplicate'])
      expect(await duplicates()).toBe(1)
      expect(await counted()).toEqual({ pending: 1 })
      expect(await eventsInJobs()).toEqual([event.id])
    },
  )

  it('tells a mistake of ours apart from a database that is away, at once', async () => {
    const broken: Database = { ...test.db, transaction: async () => Promise.reject(new TypeError('a bug')) }
    const intake = await startIntake({ db: broken })
    await expect(intake.accept(versioned())).rejects.toMatchObject({ code: 'unexpected' })
  })
})

async function startIntake(o: Partial<IntakeOptions> = {}): Promise<Intake> {
  const intake = createIntake({ db: test.db, queue, daemonId: randomUUID(), ...o })
  running.push(intake)
  await intake.start()
  return intake
}

async function acceptAll(intake: Intake, events: readonly IncomingEvent[]) {
  return Promise.all(events.map(async (event) => intake.accept(event)))
}

async function acceptAllSettled(intake: Intake, events: readonly IncomingEvent[]): Promise<string[]> {
  const settled = await Promise.allSettled(events.map(async (event) => intake.accept(event)))
  return settled.map((one) =>
    one.status === 'fulfilled' ? one.value.outcome : (one.reason as TdsError).code,
  )
}

let made = 0

/** A usable delivery of a version of its own. */
function versioned(): IncomingEvent {
  made += 1
  return incoming({ sourceVersion: new Date(Date.UTC(2026, 6, 21) + made * 1000), foldable: false })
}

/** A delivery without a version: all of them look alike. */
function thin(): IncomingEvent {
  return incoming({ sourceVersion: null, foldable: true })
}

function incoming({
  sourceVersion,
  foldable,
}: {
  sourceVersion: Date | null
  foldable: boolean
}): IncomingEvent {
  const contentHash = 'a'.repeat(64)
  const identity = {
    organizationId,
    entityType: 'product',
    zohoId: '460122000000101014',
    operation: 'update' as const,
  }
  const { key, foldKey } = idempotencyKey({ ...identity, sourceVersion, contentHash })
  const text = '{"item":{"item_id":"460122000000101014","rate":1.10}}'
  return {
    id: eventId(key),
    organizationId,
    sourceType: 'zoho',
    entityType: 'product',
    sourceEntityId: identity.zohoId,
    operation: identity.operation,
    idempotencyKey: key,
    foldKey: foldable ? foldKey : null,
    contentHash,
    sourceVersion,
    rawBody: Buffer.from(`\uFEFF${text}`),
    payload: text,
    headers: { host: 'test' },
    remoteAddress: '192.0.2.7',
    signatureVerified: true,
    status: 'pending',
    errorCode: null,
    errorMessage: null,
    flags: ['bom'],
    requestId: randomUUID(),
  }
}

function unusable(reason: string): IncomingEvent {
  const rawBody = Buffer.from('{"item":')
  const key = unusableKey({ organizationId, rawBody })
  return {
    ...incoming({ sourceVersion: null, foldable: false }),
    id: eventId(key),
    sourceEntityId: null,
    idempotencyKey: key,
    foldKey: null,
    rawBody,
    payload: null,
    status: 'quarantined',
    errorCode: reason,
    errorMessage: 'The body breaks off.',
    flags: [],
  }
}

async function rows() {
  return (await test.db.query('SELECT * FROM tds_inbox_events ORDER BY received_at, id')).rows
}

async function duplicates(): Promise<number> {
  const found = await rows()
  return found.reduce((sum, row) => sum + Number(row['duplicate_count']), 0)
}

/** Folds until no tally is left: one that the intake's own folder is just taking is counted only when that commits. */
async function foldAll(): Promise<void> {
  for (;;) {
    await foldDuplicateTallies(test.db, 1000)
    const { rows: left } = await test.db.query('SELECT FROM tds_duplicate_tallies')
    if (left.length === 0) return
    await nextTurn()
  }
}

/** One pass that sees something, not one that the intake's own folder has come before. */
async function foldWhatIsSeen() {
  for (;;) {
    const pass = await foldDuplicateTallies(test.db, 1000)
    if (pass.folded + pass.orphaned + pass.left > 0) return pass
    await nextTurn()
  }
}

/** The counters, summed over daemons and lanes as their readers do. */
async function counted(): Promise<Record<string, number>> {
  const { rows: counts } = await test.db.query<{ status: string; events: number }>(
    'SELECT status, sum(events)::int AS events FROM tds_event_counts GROUP BY status ORDER BY status',
  )
  return Object.fromEntries(counts.map(({ status, events }) => [status, events]))
}

async function eventsInJobs(): Promise<string[]> {
  const { rows: jobs } = await test.db.query<{ data: string }>(
    'SELECT data FROM pgboss.job ORDER BY created_on',
  )
  return jobs.flatMap(({ data }) => (JSON.parse(data) as { eventIds: string[] }).eventIds)
}

const lockTable = 'LOCK TABLE tds_inbox_events IN ACCESS EXCLUSIVE MODE'

/** Has another session do something and not commit it before the work is done. */
async function whileAnotherSession(
  does: string,
  values: readonly unknown[],
  work: () => Promise<void>,
): Promise<void> {
  const done = Promise.withResolvers<undefined>()
  const doing = Promise.withResolvers<undefined>()
  const session = test.db.transaction(async (tx) => {
    await tx.query(does, values)
    doing.resolve(undefined)
    await done.promise
  })
  try {
    await Promise.race([doing.promise, session])
    await work()
  } finally {
    done.resolve(undefined)
    await session
  }
}

function countingTransactions(db: Database) {
  let transactions = 0
  let tellBegun: () => void = () => undefined
  const begun = new Promise<void>((resolve) => {
    tellBegun = resolve
  })
  const counting: Database = {
    ...db,
    transaction: async (work) => {
      transactions += 1
      tellBegun()
      return db.transaction(work)
    },
  }
  return { db: counting, transactions: () => transactions, begun: async () => begun }
}

/** Does something just before each statement of a transaction. */
function interfering(db: Database, before: (text: string, tx: Transaction) => Promise<void>): Database {
  return {
    ...db,
    transaction: async (work) =>
      db.transaction(async (tx) =>
        work({
          query: async (text, values, options) => {
            await before(text, tx)
            return tx.query(text, values, options)
          },
        }),
      ),
  }
}

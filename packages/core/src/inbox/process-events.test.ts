import { randomUUID } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import type { Database, Transaction } from '@tds/db'
import { codeOf } from '@tds/runtime'
import { bill } from '../entities/bill.ts'
import type { EntityDefinition } from '../entities/define-entity.ts'
import { product } from '../entities/product.ts'
import { createSyncWorld, exampleRecord, wrapped, type SyncWorld } from '../testing/sync-world.ts'
import { failure } from './failure.ts'
import { processEvents, type ProcessingParts } from './process-events.ts'
import { sweepInbox, takeBackWork } from './sweep.ts'

interface SentJob {
  readonly job: string
  readonly data: object
}

let world: SyncWorld
let sent: SentJob[] = []
let records = 0

beforeAll(async () => {
  world = await createSyncWorld()
})
beforeEach(async () => {
  sent = []
  world.source.fail(null)
  await world.db.query(
    'TRUNCATE tds_inbox_events, tds_work_claims, tds_owed_reads, tds_dead_letter_queue, tds_event_counts',
  )
})
afterAll(async () => {
  await world.drop()
})

describe('processEvents', () => {
  it('F-24: applies the others of a batch in which one breaks a constraint, and gives that one up with its reason', async () => {
    await world.db.query(`ALTER TABLE tds_products ADD CONSTRAINT no_poison CHECK (brand <> 'poison')`)
    const bodies = Array.from({ length: 20 }, (_, index) => ({ brand: index === 13 ? 'poison' : 'sound' }))
    const ids = await Promise.all(bodies.map((changes) => receiveProduct(newId(), changes)))
    await processEvents(partsOf(world.db), ids)
    const states = await Promise.all(ids.map((id) => world.status(id)))
    expect(states.filter((status) => status === 'applied')).toHaveLength(19)
    expect(states[13]).toBe('dead_letter')
    const { rows } = await world.db.query('SELECT error_message FROM tds_dead_letter_queue')
    expect(JSON.stringify(rows)).toContain('no_poison')
    await world.db.query('ALTER TABLE tds_products DROP CONSTRAINT no_poison')
  })

  it('lets two workers with versions of the same records end in the newest of each', async () => {
    const zohoIds = Array.from({ length: 8 }, newId)
    const batches = await Promise.all(
      [1, 2, 3, 4].map(async (minute) =>
        Promise.all(
          zohoIds.map((id) =>
            receiveProduct(id, { brand: `v${String(minute)}`, last_modified_time: at(minute) }),
          ),
        ),
      ),
    )
    await Promise.all(batches.map((ids, lane) => processEvents(partsOf(world.db, lane), ids)))
    for (const zohoId of zohoIds) {
      const row = await world.row(product, zohoId)
      expect(row?.['brand']).toBe('v4')
      expect(await world.audit(zohoId)).toHaveLength(Number(row?.['version']))
    }
    expect(await openEvents()).toBe(0)
  })

  it('processes an event once when two workers get its job', async () => {
    const zohoId = newId()
    const id = await receiveProduct(zohoId, {})
    await Promise.all([processEvents(partsOf(world.db, 0), [id]), processEvents(partsOf(world.db, 1), [id])])
    expect(await world.audit(zohoId)).toHaveLength(1)
    const { rows } = await world.db.query('SELECT 1 FROM tds_sync_logs WHERE event_id = $1', [id])
    expect(rows).toHaveLength(1)
  })

  it('leaves no claim behind when its batch is done', async () => {
    await processEvents(partsOf(world.db), [await receiveProduct(newId(), {})])
    expect((await world.db.query('SELECT 1 FROM tds_work_claims')).rows).toEqual([])
  })

  it('F-25: tries an event again that fails for an unknown reason, and gives it up after its attempts', async () => {
    await world.db.query(
      `CREATE FUNCTION fail_always() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no luck'; END $$;
       CREATE TRIGGER fail_always BEFORE INSERT ON tds_products FOR EACH ROW EXECUTE FUNCTION fail_always()`,
    )
    const zohoId = newId()
    const id = await receiveProduct(zohoId, {})
    const seen: string[] = []
    for (let attempt = 1; attempt <= 3; attempt += 1) {
      await processEvents(partsOf(world.db), [id])
      seen.push(await world.status(id))
    }
    await world.db.query('DROP TRIGGER fail_always ON tds_products; DROP FUNCTION fail_always()')
    expect(seen).toEqual(['retry', 'retry', 'dead_letter'])
    const { fingerprint } = failure('exhausted', 'unexpected', 'Postgres: no luck')
    expect(await world.deadLetters(zohoId)).toMatchObject([
      { class: 'exhausted', total_attempts: 3, fingerprint },
    ])
  })

  it('gives up at once, as class mapping, what our own mapping code fails over, and applies the others', async () => {
    const ids = await Promise.all(
      ['sound', 'odd', 'sound'].map((brand) => receiveProduct(newId(), { brand })),
    )
    const { goesWithout } = product
    const failing = {
      goesWithout: (record: Readonly<Record<string, unknown>>) => {
        if (record['brand'] === 'odd') throw new TypeError('brand has no such property')
        return false
      },
    }
    Object.assign(product, failing)
    try {
      await processEvents(partsOf(world.db), ids)
    } finally {
      Object.assign(product, { goesWithout })
    }
    expect(await Promise.all(ids.map((id) => world.status(id)))).toEqual([
      'applied',
      'dead_letter',
      'applied',
    ])
    const { rows } = await world.db.query(
      'SELECT class, error_code, total_attempts, error_message FROM tds_dead_letter_queue',
    )
    expect(rows).toEqual([
      {
        class: 'mapping',
        error_code: 'mapping_defect',
        total_attempts: 1,
        error_message: 'The mapping of product failed: brand has no such property',
      },
    ])
  })

  it('gives up, as class mapping after its attempts, what our own code fails over while it applies', async () => {
    const zohoId = newId()
    const id = await receiveThin(zohoId)
    const parts = partsOf(world.db)
    const queue: ProcessingParts['queue'] = {
      send: (tx, job, items) =>
        job === 'read-record'
          ? Promise.reject(new TypeError('no such method'))
          : parts.queue.send(tx, job, items),
    }
    for (let attempt = 1; attempt <= 3; attempt += 1) await processEvents({ ...parts, queue }, [id])
    expect(await world.deadLetters(zohoId)).toMatchObject([{ class: 'mapping', total_attempts: 3 }])
  })

  it('F-15: waits without an attempt for a record that another session holds, and applies the others', async () => {
    const [held, free] = [newId(), newId()]
    await processEvents(partsOf(world.db), [await receiveProduct(held, {})])
    const ids = [
      await receiveProduct(held, { last_modified_time: at(9), brand: 'later' }),
      await receiveProduct(free, {}),
    ]
    const locked = Promise.withResolvers<undefined>()
    const release = Promise.withResolvers<undefined>()
    const holding = world.db.transaction(async (holder) => {
      await holder.query('SELECT 1 FROM tds_products WHERE zoho_id = $1 FOR UPDATE', [held])
      locked.resolve(undefined)
      await release.promise
    })
    await locked.promise
    await processEvents(partsOf(world.db), ids)
    release.resolve(undefined)
    await holding
    expect(await Promise.all(ids.map((id) => world.status(id)))).toEqual(['retry', 'applied'])
    await world.passTime()
    await world.settle()
    expect((await world.row(product, held))?.['brand']).toBe('later')
    const { rows } = await world.db.query('SELECT attempt_count FROM tds_inbox_events WHERE id = $1', [
      ids[0],
    ])
    expect(rows).toEqual([{ attempt_count: 1 }])
  })

  it('F-23: tries again inside the attempt after a deadlock between two multi-row entities, and applies both', async () => {
    const later = '2026-09-01T10:00:00+0100'
    const [item, held] = [newId(), newId()]
    const billIds = [newId(), newId()]
    await processEvents(partsOf(world.db), [
      await receiveProduct(item, {}),
      await receiveProduct(held, {}),
      ...(await Promise.all(billIds.map((id) => receiveOf(bill, id, {})))),
    ])
    const ids = [
      await receiveProduct(item, { last_modified_time: later, brand: 'later' }),
      await receiveProduct(held, { last_modified_time: later, brand: 'later' }),
      ...(await Promise.all(
        billIds.map((id) => receiveOf(bill, id, { last_modified_time: later, reference_number: 'later' })),
      )),
    ]
    expect(await meetInDeadlock((db) => processEvents(partsOf(db), ids))).toEqual(['40P01'])
    expect(await Promise.all(ids.map((id) => world.status(id)))).toEqual(ids.map(() => 'applied'))
    for (const id of [item, held]) expect((await world.row(product, id))?.['brand']).toBe('later')
    for (const id of billIds) expect((await world.row(bill, id))?.['reference_number']).toBe('later')
    const { rows } = await world.db.query(
      `SELECT max(attempt_count) AS attempts, (SELECT count(*) FROM tds_dead_letter_queue) AS dead FROM tds_inbox_events`,
    )
    expect(rows).toEqual([{ attempts: 1, dead: '0' }])
  })

  it('asks for one read, however many events of a record need one', async () => {
    const zohoId = newId()
    const ids = [await receiveThin(zohoId), await receiveThin(zohoId), await receiveThin(zohoId)]
    await processEvents(partsOf(world.db), ids)
    expect(sent.filter((job) => job.job === 'read-record').length).toBeGreaterThan(0)
    expect((await world.db.query('SELECT 1 FROM tds_owed_reads')).rows).toHaveLength(1)
    world.source.hold(zohoId, exampleRecord(product, 'detail', { item_id: zohoId }))
    const before = world.source.reads()
    await world.settle()
    expect(world.source.reads()).toBe(before + 1)
    expect(await Promise.all(ids.map((id) => world.status(id)))).toEqual([
      'unchanged',
      'unchanged',
      'applied',
    ])
  })
})

describe('the rescuers', () => {
  it('F-10: give a new job to an event that none carries', async () => {
    const id = await receiveProduct(newId(), {})
    await world.db.query(`UPDATE tds_inbox_events SET received_at = received_at - interval '1 hour'`)
    await sweepInbox(partsOf(world.db))
    expect(sent).toEqual([{ job: 'apply-events', data: { eventIds: [id] } }])
  })

  it('F-12: give a new job to an event and to a read whose jobs the queue does not give back', async () => {
    const id = await receiveProduct(newId(), {})
    const read = { organizationId: '1', entityType: 'product', zohoId: newId() }
    await world.db.query(`UPDATE tds_inbox_events SET received_at = received_at - interval '1 hour'`)
    await world.db.query(
      `INSERT INTO tds_owed_reads (organization_id, entity_type, zoho_id, reason, due_at)
       VALUES ($1, $2, $3, 'event', tds_now() - interval '1 minute')`,
      [read.organizationId, read.entityType, read.zohoId],
    )
    await world.db.query(
      `INSERT INTO pgboss.job (name, data, state, started_on, expire_seconds, heartbeat_on, heartbeat_seconds)
       SELECT name, data, 'active', now(), 60, now(), 10
         FROM (VALUES ('apply-events', $1::jsonb), ('read-record', $2::jsonb)) AS lost(name, data)`,
      [JSON.stringify({ eventIds: [id] }), JSON.stringify(read)],
    )
    const sweep = async () => {
      await sweepInbox(partsOf(world.db))
      await takeBackWork(partsOf(world.db))
    }
    await sweep()
    expect(sent).toEqual([])
    await world.db.query(`UPDATE pgboss.job SET heartbeat_on = now() - interval '50 seconds'`)
    await sweep()
    await world.db.query('DELETE FROM pgboss.job')
    expect(sent).toMatchObject([
      { job: 'apply-events', data: { eventIds: [id] } },
      { job: 'read-record', data: read },
    ])
  })

  it('ask again for a read that an event awaits and nobody owes', async () => {
    await processEvents(partsOf(world.db), [await receiveThin(newId())])
    await world.db.query('DELETE FROM tds_owed_reads')
    sent = []
    await sweepInbox(partsOf(world.db))
    expect(sent).toMatchObject([{ job: 'read-record' }])
    expect((await world.db.query('SELECT 1 FROM tds_owed_reads')).rows).toHaveLength(1)
  })

  it('isolate what a dead worker had in its hands, and count no death against a batch', async () => {
    const ids = [await receiveProduct(newId(), {}), await receiveProduct(newId(), {})]
    await abandon(ids, { alone: false })
    await takeBackWork(partsOf(world.db))
    const { rows } = await world.db.query('SELECT isolated, deaths, status FROM tds_inbox_events')
    expect(rows).toEqual(ids.map(() => ({ isolated: true, deaths: 0, status: 'pending' })))
    const { isolated, counts } = await processEvents(partsOf(world.db), ids)
    expect(isolated.sort()).toEqual([...ids].sort())
    expect(counts).toEqual({})
    for (const id of ids) await processEvents(partsOf(world.db), [id], { alone: true })
    expect(await openEvents()).toBe(0)
  })

  it('F-26: make a dead letter of class killer of the event that was alone at three deaths', async () => {
    const id = await receiveProduct(newId(), {})
    for (let death = 1; death <= 3; death += 1) {
      expect(await world.status(id)).toBe('pending')
      await abandon([id], { alone: true })
      await takeBackWork(partsOf(world.db))
    }
    expect(await world.status(id)).toBe('dead_letter')
    const { rows } = await world.db.query('SELECT class, error_code FROM tds_dead_letter_queue')
    expect(rows).toEqual([{ class: 'killer', error_code: 'killed_worker' }])
  })

  it('hold nothing against the events of a worker that lives and only lost its database for a while', async () => {
    const id = await receiveProduct(newId(), {})
    const daemonId = randomUUID()
    await world.db.query(
      `INSERT INTO tds_daemons (id, name, version, host, pid) VALUES ($1, 'worker', 'test', 'here', 1)`,
      [daemonId],
    )
    await abandon([id], { alone: true, daemonId, expiredSeconds: 21 })
    await takeBackWork(partsOf(world.db))
    const { rows } = await world.db.query('SELECT isolated, deaths FROM tds_inbox_events')
    expect(rows).toEqual([{ isolated: false, deaths: 0 }])
    expect(sent).toEqual([{ job: 'apply-events', data: { eventIds: [id] } }])
  })

  it('wait with a claim until it is known whether its worker died, also where it died late', async () => {
    const id = await receiveProduct(newId(), {})
    const daemonId = randomUUID()
    await world.db.query(
      `INSERT INTO tds_daemons (id, name, version, host, pid) VALUES ($1, 'worker', 'test', 'here', 1)`,
      [daemonId],
    )
    await abandon([id], { alone: true, daemonId })
    await takeBackWork(partsOf(world.db))
    expect(sent).toEqual([])
    await world.db.query(`UPDATE tds_daemons SET beat_at = tds_now() - interval '21 seconds' WHERE id = $1`, [
      daemonId,
    ])
    await takeBackWork(partsOf(world.db))
    const { rows } = await world.db.query('SELECT isolated, deaths FROM tds_inbox_events')
    expect(rows).toEqual([{ isolated: true, deaths: 1 }])
    expect(sent).toEqual([{ job: 'apply-events', data: { eventIds: [id] } }])
  })
})

function partsOf(db: Database, lane = 0): ProcessingParts {
  return {
    db,
    mover: { daemonId: '11111111-1111-4111-8111-111111111111', lane },
    queue: {
      send: (_tx, job, items) => {
        sent.push(...items.map((item) => ({ job, data: item.data })))
        return Promise.resolve()
      },
    },
    retry: () => ({ maxAttempts: 3, baseMs: 1, maxMs: 2 }),
  }
}

function newId(): string {
  records += 1
  return `4601220000009${String(records).padStart(5, '0')}`
}

function at(minute: number): string {
  return `2026-07-21T17:${String(minute).padStart(2, '0')}:00+0100`
}

async function receiveProduct(zohoId: string, changes: Record<string, string>): Promise<string> {
  const record = exampleRecord(product, 'detail', { item_id: zohoId, ...changes })
  return world.receive({ entity: product, zohoId, body: wrapped(product, record) })
}

async function receiveOf(
  entity: EntityDefinition,
  zohoId: string,
  changes: Record<string, string>,
): Promise<string> {
  const record = exampleRecord(entity, 'detail', { [entity.source.id]: zohoId, ...changes })
  return world.receive({ entity, zohoId, body: wrapped(entity, record) })
}

/** Locks products, waits until the work holds the bills and wants the products, then wants the bills; returns the work's conflicts. */
async function meetInDeadlock(work: (db: Database) => Promise<unknown>): Promise<unknown[]> {
  const conflicts: unknown[] = []
  const listening = Object.assign(Object.create(world.db) as Database, {
    transaction: async (fn: (tx: Transaction) => Promise<unknown>) =>
      world.db.transaction(fn).catch((error: unknown) => {
        conflicts.push(codeOf(error))
        throw error
      }),
  })
  const locked = Promise.withResolvers<undefined>()
  const meeting = world.db.transaction(async (tx) => {
    // The other one looks for a deadlock first, so that it is the one who loses.
    await tx.query(`SET LOCAL deadlock_timeout = '20s'; SET LOCAL lock_timeout = '20s'`)
    await tx.query('SELECT FROM tds_products FOR UPDATE')
    locked.resolve(undefined)
    await untilOneWaitsForUs(tx)
    await tx.query('SELECT FROM tds_bills FOR UPDATE')
  })
  await locked.promise
  await Promise.all([work(listening), meeting])
  return conflicts
}

async function untilOneWaitsForUs(tx: Transaction): Promise<void> {
  const waits = `SELECT FROM pg_stat_activity WHERE pg_backend_pid() = ANY (pg_blocking_pids(pid))`
  while ((await tx.query(waits)).rowCount === 0) await setImmediate()
}

async function receiveThin(zohoId: string): Promise<string> {
  const body = wrapped(product, Object.assign(Object.create(null), { item_id: zohoId }))
  return world.receive({ entity: product, zohoId, body })
}

async function abandon(
  ids: readonly string[],
  o: { alone: boolean; daemonId?: string; expiredSeconds?: number },
): Promise<void> {
  await world.db.query(
    `INSERT INTO tds_work_claims (id, daemon_id, event_ids, alone, expires_at)
     VALUES (gen_random_uuid(), $1, $2, $3, tds_now() - make_interval(secs => $4))`,
    [o.daemonId ?? randomUUID(), ids, o.alone, o.expiredSeconds ?? 1],
  )
}

async function openEvents(): Promise<number> {
  const { rows } = await world.db.query<{ open: number }>(
    `SELECT count(*)::int AS open FROM tds_inbox_events WHERE processed_at IS NULL`,
  )
  return rows[0]?.open ?? -1
}

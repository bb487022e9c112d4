import { claimReads, postponeReads, requestReads, type OwedReadKey, type ReadRequest } from '@tds/db'
import { TdsError } from '@tds/runtime'
import { product } from '../entities/product.ts'
import { processEvents } from '../inbox/process-events.ts'
import type { ExactObject } from '../json/index.ts'
import {
  createSyncWorld,
  exampleRecord,
  testOrganization,
  wrapped,
  type SyncWorld,
} from '../testing/sync-world.ts'
import { sendReads } from './ask-for-reads.ts'
import { performRead } from './perform-read.ts'
import type { ReadingParts, ReadReport } from './reading.ts'

let world: SyncWorld
let sent: SentJob[] = []
let records = 0

interface SentJob {
  readonly singletonKey?: string | undefined
  readonly priority?: number | undefined
  readonly delaySeconds?: number | undefined
}

interface OwedRow {
  readonly reason: string
  readonly attempts: number
  readonly last_error: string | null
  readonly claimed: boolean
  readonly due_in: number
}

beforeAll(async () => {
  world = await createSyncWorld()
})
beforeEach(async () => {
  sent = []
  world.source.fail(null)
  world.source.refuse(null)
  await world.db.query(
    `TRUNCATE tds_inbox_events, tds_work_claims, tds_owed_reads, tds_record_reads, tds_dead_letter_queue, tds_event_counts`,
  )
})
afterAll(async () => {
  await world.drop()
})

describe('performRead', () => {
  it('leaves events waiting, without an attempt, while the source is down, and applies them when it is back', async () => {
    const zohoId = newId()
    const id = await receiveThin(zohoId)
    world.source.fail(down)
    await world.settle()
    expect(await world.status(id)).toBe('processing')
    expect(await owed()).toMatchObject([{ attempts: 1, last_error: 'zoho_down: down' }])
    world.source.fail(null)
    world.source.hold(zohoId, detail(zohoId))
    await world.passTime()
    await world.settle()
    expect(await world.status(id)).toBe('applied')
    expect(await attemptsOf(id)).toBe(1)
  })

  it('makes a dead letter of the event whose record the source holds unreadable', async () => {
    const zohoId = newId()
    const id = await receiveThin(zohoId)
    world.source.hold(zohoId, detail(zohoId, { rate: 'None' }))
    await world.settle()
    expect(await world.status(id)).toBe('dead_letter')
    expect(await world.deadLetters(zohoId)).toMatchObject([{ class: 'data', error_code: 'bad_money' }])
    expect(await owed()).toEqual([])
  })

  it('makes an event and a dead letter of a record that nobody asked for and that cannot be applied', async () => {
    const zohoId = newId()
    await request({ zohoId, reason: 'completing' })
    world.source.hold(zohoId, detail(zohoId, { rate: 'None' }))
    await world.settle()
    expect(await world.deadLetters(zohoId)).toMatchObject([{ class: 'data', error_code: 'bad_money' }])
    const { rows } = await world.db.query(
      `SELECT source_type, status, convert_from(raw_body, 'UTF8') LIKE '%"None"%' AS has_bytes FROM tds_inbox_events`,
    )
    expect(rows).toEqual([{ source_type: 'scheduled', status: 'dead_letter', has_bytes: true }])
  })

  it('makes a dead letter of class mapping of a record that our own mapping code fails over', async () => {
    const zohoId = newId()
    const id = await receiveThin(zohoId)
    world.source.hold(zohoId, detail(zohoId))
    const { goesWithout } = product
    Object.assign(product, {
      goesWithout: () => {
        throw new TypeError('no such property')
      },
    })
    try {
      await world.settle()
    } finally {
      Object.assign(product, { goesWithout })
    }
    expect(await world.status(id)).toBe('dead_letter')
    expect(await world.deadLetters(zohoId)).toMatchObject([
      { class: 'mapping', error_code: 'mapping_defect' },
    ])
    expect(await owed()).toEqual([])
  })

  it('postpones a read that fails for an unknown reason, so that the reason shows, and does not throw', async () => {
    const zohoId = newId()
    const id = await receiveThin(zohoId)
    world.source.fail(new RangeError('a defect of ours'))
    await processAll([id])
    await read(zohoId)
    expect(await owed()).toMatchObject([{ attempts: 1, last_error: 'unexpected: a defect of ours' }])
    expect(await world.status(id)).toBe('processing')
  })

  it('is performed by one of two daemons that want it at once, with one call', async () => {
    const zohoId = newId()
    await processAll([await receiveThin(zohoId)])
    world.source.hold(zohoId, detail(zohoId))
    const before = world.source.reads()
    const reports = await Promise.all([read(zohoId), read(zohoId, otherDaemon)])
    expect(reports.map((report) => report.outcome).sort()).toEqual(['applied', 'not-due'])
    expect(world.source.reads()).toBe(before + 1)
  })

  it("is nobody else's while its answer is under way, not even of one who has looked before", async () => {
    const zohoId = newId()
    await request({ zohoId, reason: 'event' })
    world.source.hold(zohoId, detail(zohoId))
    let claimed: unknown
    let late: ReadReport | undefined
    world.source.meanwhile(async () => {
      claimed = await claimReads(world.db, [keyOf(zohoId)], { daemonId: otherDaemon, ttlSeconds: 25 })
      late = await read(zohoId, otherDaemon)
    })
    await read(zohoId)
    expect(claimed).toEqual([])
    expect(late?.outcome).toBe('not-due')
  })

  it('has committed its claim before the call goes out', async () => {
    const zohoId = newId()
    await request({ zohoId, reason: 'event' })
    world.source.hold(zohoId, detail(zohoId))
    let seen: OwedRow[] = []
    world.source.meanwhile(async () => {
      seen = await owed()
    })
    await read(zohoId)
    expect(seen).toMatchObject([{ claimed: true }])
  })
})

describe('many hints about one record', () => {
  it('50 ties and 200 thin hints that wait together cost one call, and a second look where nothing was new', async () => {
    const zohoId = newId()
    await world.receive({
      entity: product,
      zohoId,
      body: wrapped(product, detail(zohoId, { last_modified_time: at(5), brand: 'first' })),
    })
    const ids = [
      ...(await Promise.all(Array.from({ length: 50 }, (_, n) => receiveTie(zohoId, `tie ${String(n)}`)))),
      ...(await Promise.all(Array.from({ length: 200 }, () => receiveThin(zohoId)))),
    ]
    world.source.hold(zohoId, detail(zohoId, { last_modified_time: at(5), brand: 'tied' }))
    const before = world.source.reads()
    await world.settle()
    expect(world.source.reads()).toBe(before + 1)
    expect(await openOf(ids)).toBe(0)
    expect((await world.row(product, zohoId))?.['brand']).toBe('tied')
  })

  it('that go on arriving while the record is read cost one trailing call, and the last state is not lost', async () => {
    const zohoId = newId()
    const first = await receiveThin(zohoId)
    await processAll([first])
    world.source.hold(zohoId, detail(zohoId, { last_modified_time: at(5), brand: 'before' }))
    const late: string[] = []
    world.source.meanwhile(async () => {
      world.source.hold(zohoId, detail(zohoId, { last_modified_time: at(6), brand: 'after' }))
      for (let n = 0; n < 30; n += 1) late.push(await receiveThin(zohoId))
      await processAll(late)
    })
    const before = world.source.reads()
    await read(zohoId)
    expect(await world.status(first)).toBe('applied')
    expect(await openOf(late)).toBe(30)
    expect(await owed()).toMatchObject([{ claimed: false }])
    expect(sent.at(-1)).toMatchObject({ priority: 10 })
    await world.settle()
    expect(world.source.reads()).toBe(before + 2)
    expect(await openOf(late)).toBe(0)
    expect((await world.row(product, zohoId))?.['brand']).toBe('after')
  })

  it('cause 30 reads within an hour at most; the next one waits visibly, without an attempt, until the hour allows it', async () => {
    const zohoId = newId()
    for (let n = 0; n < 30; n += 1) {
      world.source.hold(zohoId, detail(zohoId, { last_modified_time: at(n) }))
      await receiveThin(zohoId)
      await world.settle()
    }
    const before = world.source.reads()
    const waiting = await receiveThin(zohoId)
    await processAll([waiting])
    expect(await read(zohoId)).toMatchObject({ outcome: 'held', reason: 'event' })
    expect(world.source.reads()).toBe(before)
    const [row] = await owed()
    expect(row).toMatchObject({ attempts: 0, last_error: expect.stringContaining('read_limit') })
    expect(row?.due_in).toBeGreaterThan(3500)
    // A new wish does not shorten the wait.
    await processAll([await receiveThin(zohoId)])
    expect((await owed())[0]?.due_in).toBeGreaterThan(3500)
    await world.db.query(
      `UPDATE tds_record_reads SET sent_at = (SELECT array_agg(t - interval '1 hour') FROM unnest(sent_at) t)`,
    )
    await world.passTime()
    await world.settle()
    expect(world.source.reads()).toBe(before + 1)
  })

  it('find ten of the 30 reads left, however many ripples there were', async () => {
    const zohoId = newId()
    world.source.hold(zohoId, detail(zohoId))
    for (let n = 0; n < 20; n += 1) {
      await request({ zohoId, reason: 'ripple' })
      await read(zohoId)
    }
    await request({ zohoId, reason: 'ripple' })
    expect(await read(zohoId)).toMatchObject({ outcome: 'held' })
    await receiveThin(zohoId)
    const before = world.source.reads()
    await world.settle()
    expect(world.source.reads()).toBe(before + 1)
  })
})

describe('an answer that may not be the last word', () => {
  it('is waited for when it is older than the event, and does not overwrite', async () => {
    const zohoId = newId()
    await receiveFull(zohoId, { last_modified_time: at(5), brand: 'newest' })
    const tie = await receiveTie(zohoId, 'tied')
    world.source.hold(zohoId, detail(zohoId, { last_modified_time: at(3), brand: 'lagging' }))
    await world.settle()
    expect(await world.status(tie)).toBe('retry')
    expect(await attemptsOf(tie)).toBe(0)
    expect((await world.row(product, zohoId))?.['brand']).toBe('newest')
    expect((await owed())[0]?.due_in).toBeCloseTo(10, 0)
    world.source.hold(zohoId, detail(zohoId, { last_modified_time: at(5), brand: 'tied' }))
    await world.passTime()
    await world.settle()
    expect(await world.status(tie)).toBe('applied')
    expect((await world.row(product, zohoId))?.['brand']).toBe('tied')
  })

  it('is given up on, as a fault of the source, when it is still older after ten minutes', async () => {
    const zohoId = newId()
    await receiveFull(zohoId, { last_modified_time: at(5) })
    const tie = await receiveTie(zohoId, 'tied')
    world.source.hold(zohoId, detail(zohoId, { last_modified_time: at(3) }))
    await world.settle()
    await world.db.query(
      `UPDATE tds_inbox_events SET received_at = received_at - interval '10 minutes' WHERE id = $1`,
      [tie],
    )
    await world.passTime()
    await world.settle()
    expect(await world.status(tie)).toBe('dead_letter')
    expect(await world.deadLetters(zohoId)).toMatchObject([{ class: 'source', error_code: 'zoho_lagging' }])
  })

  it('is asked for again when its version is less than two seconds old, once', async () => {
    const zohoId = newId()
    const now = new Date(Math.floor(Date.now() / 1000) * 1000).toISOString().replace('.000Z', '+0000')
    world.source.hold(zohoId, detail(zohoId, { last_modified_time: now, brand: 'first of its second' }))
    const id = await receiveThin(zohoId)
    await world.settle()
    expect(await world.status(id)).toBe('applied')
    const [row] = await owed()
    expect(row).toMatchObject({ reason: 'repeat', attempts: 0 })
    expect(row?.due_in).toBeLessThan(2)
    world.source.hold(zohoId, detail(zohoId, { last_modified_time: now, brand: 'last of its second' }))
    await world.db.query('SELECT pg_sleep_until(due_at) FROM tds_owed_reads')
    await read(zohoId)
    expect((await world.row(product, zohoId))?.['brand']).toBe('last of its second')
    expect(await owed()).toEqual([])
  })

  it('of a source whose clock is some seconds ahead is asked for again when that is over, not every two seconds', async () => {
    const zohoId = newId()
    const ahead = new Date(Date.now() + 30_000).toISOString().replace(/\.\d+Z/, '+0000')
    world.source.hold(zohoId, detail(zohoId, { last_modified_time: ahead }))
    await receiveThin(zohoId)
    await world.settle()
    expect((await owed())[0]?.due_in).toBeGreaterThan(28)
  })
})

describe('a source that may not be called yet', () => {
  it('lets the read wait as long as it asks, without a claim or an attempt, and with a job for then', async () => {
    const zohoId = newId()
    const id = await receiveThin(zohoId)
    await processAll([id])
    sent = []
    world.source.refuse(refusal(90_000))
    expect(await read(zohoId)).toMatchObject({ outcome: 'held', reason: 'event' })
    const [row] = await owed()
    expect(row).toMatchObject({ attempts: 0, claimed: false, last_error: 'budget_wait: no call is left' })
    expect(row?.due_in).toBeGreaterThan(89)
    expect(row?.due_in).toBeLessThan(109)
    expect(sent).toHaveLength(1)
    expect(sent[0]?.delaySeconds).toBeGreaterThan(89)
    expect(await attemptsOf(id)).toBe(0)
  })

  it('is asked once for each wait, however many hints come meanwhile', async () => {
    const zohoId = newId()
    world.source.refuse(refusal(90_000))
    const before = world.source.asked()
    for (let n = 0; n < 20; n += 1) {
      await processAll([await receiveThin(zohoId)])
      await read(zohoId)
    }
    expect(world.source.asked()).toBe(before + 1)
  })

  it('does not keep an event waiting because a ripple was refused', async () => {
    const zohoId = newId()
    await request({ zohoId, reason: 'ripple' })
    world.source.hold(zohoId, detail(zohoId))
    await world.db.query(
      `UPDATE tds_owed_reads SET due_at = tds_now() + interval '1 hour', held_until = tds_now() + interval '1 hour'`,
    )
    await processAll([await receiveThin(zohoId)])
    expect(sent.at(-1)).toEqual(expect.objectContaining({ priority: 10 }))
    expect((await read(zohoId)).outcome).toBe('applied')
  })

  it('leaves the row of a patient read alone and says how long to wait', async () => {
    const zohoId = newId()
    await request({ zohoId, reason: 'ripple' })
    const before = await owed()
    world.source.refuse(refusal(60_000))
    const report = await read(zohoId)
    expect(report).toMatchObject({ outcome: 'held', reason: 'ripple' })
    expect(report.waitMs).toBeGreaterThanOrEqual(60_000)
    expect(await owed()).toMatchObject(before.map(({ due_in: _, ...row }) => row))
    expect((await owed())[0]?.due_in).toBeLessThanOrEqual(0)
  })

  it('is obeyed when a person must act first, too', async () => {
    const zohoId = newId()
    await request({ zohoId, reason: 'event' })
    world.source.refuse(
      new TdsError('stopped', {
        code: 'zoho_auth',
        disposition: 'reject',
        nextStep: 'act',
        facts: { retryAfterMs: 300_000 },
      }),
    )
    expect((await read(zohoId)).outcome).toBe('held')
    expect((await owed())[0]?.due_in).toBeGreaterThan(290)
  })
})

describe('a daemon that stops', () => {
  it('waits no longer for its turn, and leaves the read owed without a claim or an attempt', async () => {
    const zohoId = newId()
    await request({ zohoId, reason: 'event' })
    const stopping = new AbortController()
    const source: ReadingParts['source'] = {
      admit: ({ signal }) =>
        new Promise((_, reject) => {
          const end = (): void => {
            reject(refusal(1000))
          }
          if (signal.aborted) end()
          else signal.addEventListener('abort', end)
          stopping.abort()
        }),
    }
    const reading = performRead(
      { ...parts(), source, stopping: stopping.signal },
      keyOf(zohoId),
      new AbortController().signal,
    )
    await expect(reading).rejects.toBeInstanceOf(TdsError)
    expect(await owed()).toMatchObject([{ attempts: 0, claimed: false }])
  })

  it('finishes the call that it has begun', async () => {
    const zohoId = newId()
    await request({ zohoId, reason: 'event' })
    const stopping = new AbortController()
    world.source.hold(zohoId, detail(zohoId))
    world.source.meanwhile(async () => {
      stopping.abort()
      return Promise.resolve()
    })
    const report = await performRead(
      { ...parts(), stopping: stopping.signal },
      keyOf(zohoId),
      new AbortController().signal,
    )
    expect(report.outcome).toBe('applied')
  })
})

describe('a read whose reason is upgraded', () => {
  it('gets a job of its own priority beside the one that waits', async () => {
    const zohoId = newId()
    await request({ zohoId, reason: 'completing' })
    await processAll([await receiveThin(zohoId)])
    expect(await owed()).toMatchObject([{ reason: 'event' }])
    const keys = sent.map((job) => `${String(job.singletonKey)} ${String(job.priority)}`)
    const own = `${testOrganization}:product:${zohoId}`
    expect(keys).toEqual([`${own}:0 0`, `${own}:10 10`])
  })

  it('is not made less urgent by a wish that can wait', async () => {
    const zohoId = newId()
    await request({ zohoId, reason: 'event' })
    await request({ zohoId, reason: 'ripple', delaySeconds: 30 })
    expect(await owed()).toMatchObject([{ reason: 'event' }])
    expect((await owed())[0]?.due_in).toBeLessThanOrEqual(0)
  })
})

describe('a Postgres that goes away', () => {
  it('while an answer is under way does not make the read wait for itself: it is settled when Postgres is back', async () => {
    const zohoId = newId()
    const id = await receiveThin(zohoId)
    await processAll([id])
    world.source.hold(zohoId, detail(zohoId))
    const before = world.source.reads()
    const { outcome } = await performRead(
      { ...parts(), db: awayFor(3) },
      keyOf(zohoId),
      new AbortController().signal,
    )
    expect(outcome).toBe('applied')
    expect(await world.status(id)).toBe('applied')
    expect(world.source.reads()).toBe(before + 1)
    expect(await owed()).toEqual([])
  })

  it('while a fault is written down does not keep the claim either', async () => {
    const zohoId = newId()
    await request({ zohoId, reason: 'event' })
    world.source.fail(down)
    await performRead({ ...parts(), db: awayFor(3) }, keyOf(zohoId), new AbortController().signal)
    expect(await owed()).toMatchObject([{ claimed: false, attempts: 1 }])
  })
})

describe('a claim that is over', () => {
  it('is not given back by the daemon that lost it', async () => {
    const zohoId = newId()
    await request({ zohoId, reason: 'event' })
    await world.db.query(
      `UPDATE tds_owed_reads SET claimed_by = $1, claim_expires_at = tds_now() + interval '25 seconds'`,
      [otherDaemon],
    )
    await postponeReads(world.db, [keyOf(zohoId)], {
      daemonId: world.parts.mover.daemonId,
      delaySeconds: 5,
      error: 'late',
      held: true,
    })
    expect(await owed()).toMatchObject([{ claimed: true, attempts: 0 }])
  })
})

const otherDaemon = '22222222-2222-4222-8222-222222222222'
const down = new TdsError('down', { code: 'zoho_down', disposition: 'retry', nextStep: 'wait' })

function refusal(retryAfterMs: number): TdsError {
  return new TdsError('no call is left', {
    code: 'budget_wait',
    disposition: 'retry',
    nextStep: 'wait',
    facts: { retryAfterMs },
  })
}

function parts(): ReadingParts & typeof world.parts {
  return {
    ...world.parts,
    queue: {
      send: (_tx, _job, items) => {
        sent.push(...items)
        return Promise.resolve()
      },
    },
  }
}

/** The database, whose next transactions find it away. */
function awayFor(transactions: number): ReadingParts['db'] {
  let left = transactions
  return {
    ...world.db,
    query: world.db.query.bind(world.db),
    transaction: async (work) => {
      left -= 1
      if (left >= 0) throw Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' })
      return world.db.transaction(work)
    },
  }
}

async function read(zohoId: string, daemonId = world.parts.mover.daemonId): Promise<ReadReport> {
  const mover = { ...world.parts.mover, daemonId }
  return performRead({ ...parts(), mover }, keyOf(zohoId), new AbortController().signal)
}

async function processAll(ids: readonly string[]): Promise<void> {
  await processEvents(parts(), ids)
}

async function request(o: Pick<ReadRequest, 'zohoId' | 'reason'> & { delaySeconds?: number }): Promise<void> {
  const wish = { ...keyOf(o.zohoId), reason: o.reason, eventId: null, delaySeconds: o.delaySeconds ?? 0 }
  await world.db.transaction(async (tx) => {
    await requestReads(tx, [wish])
    await sendReads(parts().queue, tx, [wish])
  })
}

function keyOf(zohoId: string): OwedReadKey {
  return { organizationId: testOrganization, entityType: 'product', zohoId }
}

function newId(): string {
  records += 1
  return `4601220000008${String(records).padStart(5, '0')}`
}

function at(minute: number): string {
  return `2026-07-21T17:${String(minute).padStart(2, '0')}:00+0100`
}

function detail(zohoId: string, changes: Record<string, string> = {}): ExactObject {
  return exampleRecord(product, 'detail', { item_id: zohoId, ...changes })
}

async function receiveFull(zohoId: string, changes: Record<string, string>): Promise<string> {
  return world.receive({ entity: product, zohoId, body: wrapped(product, detail(zohoId, changes)) })
}

async function receiveTie(zohoId: string, brand: string): Promise<string> {
  return receiveFull(zohoId, { last_modified_time: at(5), brand })
}

async function receiveThin(zohoId: string): Promise<string> {
  const body = wrapped(product, Object.assign(Object.create(null), { item_id: zohoId }))
  return world.receive({ entity: product, zohoId, body })
}

async function owed(): Promise<OwedRow[]> {
  const { rows } = await world.db.query<OwedRow>(
    `SELECT reason, attempts, last_error, coalesce(claim_expires_at > tds_now(), false) AS claimed,
            extract(epoch FROM due_at - tds_now())::float8 AS due_in
       FROM tds_owed_reads ORDER BY zoho_id`,
  )
  return rows
}

async function attemptsOf(eventId: string): Promise<number | undefined> {
  const { rows } = await world.db.query<{ attempt_count: number }>(
    'SELECT attempt_count FROM tds_inbox_events WHERE id = $1',
    [eventId],
  )
  return rows[0]?.attempt_count
}

async function openOf(ids: readonly string[]): Promise<number> {
  const { rows } = await world.db.query<{ open: number }>(
    `SELECT count(*)::int AS open FROM tds_inbox_events WHERE id = ANY($1::uuid[]) AND processed_at IS NULL`,
    [ids],
  )
  return rows[0]?.open ?? -1
}

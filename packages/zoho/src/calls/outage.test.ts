import { randomUUID } from 'node:crypto'
import { entityOf, performRead, processEvents, type EntityDefinition } from '@tds/core'
import { TdsError, type HttpResponse } from '@tds/runtime'
import { zohoClient } from '../client/client.ts'
import { zohoRecordSource } from '../client/record-source.ts'
import {
  circuitOrganization,
  createCircuitWorld,
  type CircuitWorker,
  type CircuitWorld,
} from '../testing/circuit-world.ts'

const records = 60
const downForMs = 600_000

describe('four workers while Zoho is down for ten minutes', () => {
  let world: CircuitWorld
  let outage: Outage

  beforeAll(async () => {
    world = await createCircuitWorld({ workers: 4 })
    outage = await liveThrough(world)
  }, 120_000)

  afterAll(async () => {
    await world.drop()
  })

  it('send one probe in each interval for all of them together', () => {
    const [first = 0, ...probes] = outage.callsWhileDown.slice(outage.callsUntilOpen)
    const waits = probes.map((at, index) => at - (probes[index - 1] ?? first))
    // With the middle of each interval drawn: 7.5, 15, 30 and then 45 s, and who asks comes a little later.
    expect(waits.slice(0, 2).every((wait) => wait >= 15_000)).toBe(true)
    expect(Math.min(...waits.slice(2))).toBeGreaterThanOrEqual(45_000)
    expect(probes.length).toBeGreaterThanOrEqual(10)
    expect(outage.callsWhileDown.length - outage.callsUntilOpen).toBeLessThanOrEqual(15)
  })

  it('call no more once one of them has seen five failures: what is in flight is all that is lost', () => {
    expect(outage.callsUntilOpen).toBeLessThanOrEqual(4 * (5 + readsAtOnce))
  })

  it('F-30: burn no attempt of any event, and give up none', () => {
    expect(outage.whileDown).toEqual({ events: records, attempts: 0, dead: 0, waiting: records })
    expect(outage.afterwards.dead).toBe(0)
  })

  it('let no more than 1, 2 and 4 calls through in the first seconds after Zoho is back, then all', () => {
    const [probe = 0, ...ramp] = outage.callsAfterwards
    const within = [1, 2, 3].map((seconds) => ramp.filter((at) => at < probe + seconds * 1000).length)
    for (const [index, most] of [1, 1 + 2, 1 + 2 + 4].entries())
      expect(within[index]).toBeLessThanOrEqual(most)
    expect(ramp).toHaveLength(records - 1)
  })

  it('apply everything within two minutes after that', () => {
    expect(outage.afterwards).toMatchObject({ events: records, waiting: 0 })
    expect(outage.appliedAfterMs).toBeLessThan(120_000)
  })

  it('leave a closed circuit behind, that has opened once', async () => {
    expect(await world.row()).toMatchObject({
      state: 'closed',
      reason: 'ramp_passed',
      opened: '1',
      down_since: null,
    })
  })
})

interface Outage {
  /** Moments of calls, in milliseconds. */
  readonly callsWhileDown: readonly number[]
  /** How many of them went out before the circuit opened. */
  readonly callsUntilOpen: number
  readonly callsAfterwards: readonly number[]
  readonly whileDown: EventCounts
  readonly afterwards: EventCounts
  readonly appliedAfterMs: number
}

interface EventCounts {
  readonly events: number
  readonly attempts: number
  readonly dead: number
  readonly waiting: number
}

/** Thin webhooks for sixty records arrive, Zoho is down for ten minutes and then back. */
async function liveThrough(world: CircuitWorld): Promise<Outage> {
  const zoho = { isDown: true }
  await receiveThinEvents(world)
  const readers = world.workers.map((worker) => reader(world, worker, zoho))
  const turn = (): void => {
    for (const read of readers) read()
  }
  let callsUntilOpen = 0
  await world.pass(downForMs, () => {
    if (world.nowMs() <= 1000) callsUntilOpen = world.calls.length
    turn()
  })
  const callsWhileDown = world.calls.splice(0)
  const whileDown = await countEvents(world)
  zoho.isDown = false
  const backAtMs = world.nowMs()
  let afterwards = whileDown
  while (afterwards.waiting > 0 && world.nowMs() - backAtMs < 300_000) {
    await world.pass(1000, turn)
    afterwards = await countEvents(world)
  }
  const appliedAfterMs = world.nowMs() - backAtMs
  return {
    callsWhileDown,
    callsUntilOpen,
    callsAfterwards: world.calls.slice(),
    whileDown,
    afterwards,
    appliedAfterMs,
  }
}

/** Puts the events into the inbox and has a worker look at them: only Zoho can tell what they mean. */
async function receiveThinEvents({ db }: CircuitWorld): Promise<void> {
  const mover = { daemonId: randomUUID(), lane: 0 }
  const { rows } = await db.query<{ id: string }>(
    `INSERT INTO tds_inbox_events (id, organization_id, source_type, entity_type, source_entity_id, operation_type,
            idempotency_key, content_hash, raw_body, payload, signature_verified)
     SELECT gen_random_uuid(), $1, 'zoho', 'product', (7000 + number)::text, 'update', number::text, 'test', '{}',
            jsonb_build_object('item_id', (7000 + number)::text), true
       FROM generate_series(1, $2::int) AS number
     RETURNING id`,
    [circuitOrganization, records],
  )
  await db.query(
    `INSERT INTO tds_event_counts (minute, status, daemon_id, lane, events)
     SELECT date_trunc('minute', received_at), status, $1, 99, count(*) FROM tds_inbox_events GROUP BY 1, 2`,
    [mover.daemonId],
  )
  const retry = (): { maxAttempts: number; baseMs: number; maxMs: number } => ({
    maxAttempts: 3,
    baseMs: 1000,
    maxMs: 60_000,
  })
  const queue = { send: () => Promise.resolve() }
  await processEvents(
    { db, queue, mover, retry },
    rows.map(({ id }) => id),
  )
}

const readsAtOnce = 5

/** A worker's loop over owed reads: a call to Zoho for each that is due, five at once. A refused one waits as long as it is told. */
function reader(world: CircuitWorld, worker: CircuitWorker, zoho: { readonly isDown: boolean }): () => void {
  const tokens = {
    current: () => Promise.resolve('token'),
    renewed: () => Promise.resolve('token'),
    accepted: () => Promise.resolve(),
    standing: () => Promise.reject(new Error('nobody asks how matters stand')),
  }
  const http = {
    request: ({ url }: { readonly url: string }) => {
      world.calls.push(world.nowMs())
      return Promise.resolve(zoho.isDown ? outOfService : found(url))
    },
  }
  const client = zohoClient({ apiUrl: 'https://zoho.test', http, tokens, gate: worker.circuit })
  const parts = {
    db: worker.db,
    source: zohoRecordSource(client),
    mover: { daemonId: worker.id, lane: 0 },
    queue: { send: () => Promise.resolve() },
  }
  const notBeforeMs = new Map<string, number>()
  let reading = 0
  let looking = false

  async function readNext(): Promise<void> {
    if (looking || reading >= readsAtOnce) return
    looking = true
    const { rows } = await worker.db.query<{ id: string }>(
      `SELECT zoho_id AS id FROM tds_owed_reads WHERE due_at <= tds_now() AND claimed_by IS NULL ORDER BY random()`,
    )
    looking = false
    const due = rows.filter(({ id }) => (notBeforeMs.get(id) ?? 0) <= world.nowMs())
    for (const { id } of due.slice(0, readsAtOnce - reading)) world.begin(() => read(id))
  }

  async function read(zohoId: string): Promise<void> {
    reading += 1
    try {
      const key = { organizationId: circuitOrganization, entityType: 'product', zohoId }
      await performRead(parts, key, new AbortController().signal)
    } catch (error) {
      if (!(error instanceof TdsError) || error.code !== 'zoho_circuit_open') throw error
      notBeforeMs.set(zohoId, world.nowMs() + Number(error.facts['retryAfterMs']))
    } finally {
      reading -= 1
    }
  }
  return () => {
    world.begin(readNext)
  }
}

const outOfService: HttpResponse = { status: 503, headers: {}, body: Buffer.from('<html>503</html>') }

function found(url: string): HttpResponse {
  const id = /items\/(\d+)/.exec(url)?.[1] ?? ''
  const detail = JSON.parse(product().example.detail) as { item: object }
  const body = JSON.stringify({ code: 0, item: { ...detail.item, item_id: id } })
  return { status: 200, headers: {}, body: Buffer.from(body) }
}

function product(): EntityDefinition {
  const entity = entityOf('product')
  if (entity === undefined) throw new Error('there is no type product')
  return entity
}

async function countEvents({ db }: CircuitWorld): Promise<EventCounts> {
  const { rows } = await db.query<EventCounts>(
    `SELECT count(*)::int AS events, sum(attempt_count)::int AS attempts,
            count(*) FILTER (WHERE status = 'dead_letter')::int AS dead,
            count(*) FILTER (WHERE status IN ('pending', 'processing', 'retry'))::int AS waiting
       FROM tds_inbox_events`,
  )
  const [counts] = rows
  if (counts === undefined) throw new Error('no events were counted')
  return counts
}

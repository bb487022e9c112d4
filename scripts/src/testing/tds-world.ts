import { randomUUID } from 'node:crypto'
import { Readable, Writable } from 'node:stream'
import {
  createIntake,
  entityOf,
  eventId,
  missRecords,
  performReplays,
  processEvents,
  readInstant,
  sha256Hex,
  unusableKey,
  type IncomingEvent,
} from '@tds/core'
import type { Database } from '@tds/db'
import { createTestDatabase } from '@tds/db/testing'
import { createQueue } from '@tds/queue'
import type { Clock } from '@tds/runtime'
import { runTds } from '../tds/run-tds.ts'

/** One run of the command: its exit code and all that it printed. */
export interface Run {
  readonly exitCode: number
  readonly out: string
  readonly err: string
}

/** What may be chosen about a run. */
export interface RunOptions {
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly stdin?: Readable & { isTTY?: boolean }
  readonly isTerminal?: boolean
  readonly clock?: Clock
  /** Is given what a press of Ctrl-C calls, where the command listens for it. */
  readonly onInterrupt?: (listener: () => void) => void
}

/** A database of its own with the command in front of it. */
export interface TdsWorld {
  readonly db: Database
  readonly env: Readonly<Record<string, string>>
  run(args: readonly string[], o?: RunOptions): Promise<Run>
  /** Puts an unusable delivery into the inbox by the way that all take; returns its event id. */
  quarantine(body: string, o?: Partial<IncomingEvent>): Promise<string>
  /** Puts a webhook of the products' example into the inbox, with these changes. */
  deliver(zohoId: string, changes?: Readonly<Record<string, unknown>>): Promise<string>
  /** One second of a worker that carries replays out. */
  replay(): Promise<void>
  /** Applies an event as the worker does. */
  apply(eventId: string): Promise<void>
  /** Makes products of these ids that a run then misses, more than may be deleted. */
  holdDeletions(zohoIds: readonly string[]): Promise<void>
  drop(): Promise<void>
}

/** The organisation of these tests. */
export const ourOrganization = '790000001'

/** Makes a world of its own. */
export async function createTdsWorld(): Promise<TdsWorld> {
  const database = await createTestDatabase({ poolSize: 4 })
  const { db } = database
  const queue = createQueue({ db, role: 'sender' })
  await queue.start()
  const env = { DATABASE_URL: database.url, ZOHO_ORGANIZATION_ID: ourOrganization }
  const mover = { daemonId: randomUUID(), lane: 0 }
  const retry = () => ({ maxAttempts: 1, baseMs: 1, maxMs: 1 })
  const accept = async (event: IncomingEvent) => {
    const intake = createIntake({ db, queue, daemonId: randomUUID() })
    await intake.start()
    const { eventId: id } = await intake.accept(event)
    await intake.stop()
    return id
  }
  return {
    db,
    env,
    deliver: (zohoId, changes = {}) => accept(deliveryOf(zohoId, changes)),
    replay: async () => {
      const lease = { guard: () => Promise.resolve() }
      const together = <T>(work: () => Promise<T>) => work()
      const { signal } = new AbortController()
      const pace = { take: (_: string, ratePerSecond: number) => ratePerSecond }
      await performReplays({ db, queue, mover, retry, lease, signal, together, pace })
    },
    run: async (args, o = {}) => runCaptured(args, { ...o, env: { ...env, ...o.env } }),
    quarantine: (body, o = {}) => accept(unusableDelivery(body, o)),
    apply: async (id) => {
      await processEvents({ db, queue, mover, retry }, [id])
    },
    holdDeletions: async (zohoIds) => {
      const { rows } = await db.query<{ now: string }>(
        `INSERT INTO tds_products (organization_id, zoho_id) SELECT $1, unnest($2::text[]) RETURNING tds_now() AS now`,
        [ourOrganization, zohoIds],
      )
      const entity = entityOf('product')
      if (entity === undefined) throw new Error('there is no type product')
      await db.query(
        `INSERT INTO tds_deletion_counts (organization_id, entity_type, minute, deletions)
         VALUES ($1, 'product', date_trunc('minute', tds_now()), 1)`,
        [ourOrganization],
      )
      const missing = { organizationId: ourOrganization, entity, zohoIds }
      await missRecords({ db, queue }, { ...missing, lookedAt: readInstant(rows[0]?.now ?? '') })
    },
    drop: async () => {
      await queue.stop()
      await database.drop()
    },
  }
}

/** Runs a command line with what a test hands it, and nothing else. */
export async function runCaptured(args: readonly string[], o: RunOptions): Promise<Run> {
  const [out, err] = [capture(), capture()]
  const exitCode = await runTds({
    args,
    env: o.env ?? {},
    stdin: o.stdin ?? Object.assign(Readable.from([]), { isTTY: false }),
    stdout: Object.assign(out.stream, { isTTY: o.isTerminal ?? false }),
    stderr: Object.assign(err.stream, { isTTY: o.isTerminal ?? false }),
    onInterrupt: (listener) => {
      o.onInterrupt?.(listener)
      return () => undefined
    },
    ...(o.clock === undefined ? {} : { clock: o.clock }),
  })
  return { exitCode, out: out.text(), err: err.text() }
}

function capture(): { readonly stream: Writable; readonly text: () => string } {
  const chunks: string[] = []
  const stream = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      chunks.push(chunk.toString())
      done()
    },
  })
  return { stream, text: () => chunks.join('') }
}

function unusableDelivery(body: string, o: Partial<IncomingEvent>): IncomingEvent {
  const rawBody = Buffer.from(body)
  const organizationId = o.organizationId ?? ourOrganization
  const idempotencyKey = unusableKey({ organizationId, rawBody })
  return {
    id: eventId(idempotencyKey),
    organizationId,
    sourceType: 'zoho',
    entityType: 'product',
    sourceEntityId: null,
    operation: 'update',
    idempotencyKey,
    foldKey: null,
    contentHash: sha256Hex(rawBody),
    sourceVersion: null,
    rawBody,
    payload: null,
    headers: { 'content-type': 'application/json' },
    remoteAddress: '10.0.0.1',
    signatureVerified: true,
    status: 'quarantined',
    errorCode: 'no_id',
    errorMessage: 'The body has no id.',
    flags: [],
    requestId: 'request-1',
    ...o,
  }
}

function deliveryOf(zohoId: string, changes: Readonly<Record<string, unknown>>): IncomingEvent {
  const body = JSON.parse(usableProduct()) as { item: Record<string, unknown> }
  Object.assign(body.item, { item_id: zohoId, ...changes })
  const payload = JSON.stringify(body)
  const version = String(body.item['last_modified_time'])
  return {
    ...unusableDelivery(payload, {}),
    sourceEntityId: zohoId,
    sourceVersion: new Date(version.replace(/(\d\d)(\d\d)$/, '$1:$2')),
    payload,
    status: 'pending',
    errorCode: null,
    errorMessage: null,
  }
}

/** A body of the products' example that can be used. */
export function usableProduct(): string {
  const product = entityOf('product')
  if (product === undefined) throw new Error('there is no type product')
  return product.example.webhook
}

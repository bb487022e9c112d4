import { randomUUID } from 'node:crypto'
import {
  entityOf,
  type CallLane,
  type DeliveryLedger,
  type EntityDefinition,
  type RecordSource,
} from '@tds/core'
import { openDatabase, type Database } from '@tds/db'
import { httpClient, TdsError, type Clock } from '@tds/runtime'
import {
  callBudget,
  gatesInRow,
  tokenSource,
  zohoCircuit,
  zohoClient,
  zohoDeliveryLedger,
  zohoRecordSource,
} from '@tds/zoho'
import type { Access } from '@tds/zoho-simulator'

/** A worker as Zoho sees it: the way to Zoho with a pool, token, circuit and budget of its own, and nothing else. */
export interface ZohoWorker {
  readonly source: RecordSource
  readonly ledger: DeliveryLedger
  readonly db: Database
}

/** How a worker is made. */
export interface ZohoWorkerOptions {
  readonly databaseUrl: string
  readonly access: Access
  readonly zohoUrl: string
  readonly clock: Clock
  readonly perMinute: number
  readonly maxInFlight: number
  /** On the machine's clock. */
  readonly timeoutMs: number
  /** What is kept to of a day; without it only Zoho's own word counts. */
  readonly day?: WorkerDay
}

/** How a worker goes about the calls of a day. */
export interface WorkerDay {
  readonly perDay: number
  readonly timeZone: string
  readonly reserve: () => number
}

/** Wires the way to Zoho as the worker daemon does, on a clock that may be hurried. */
export function zohoWorker(o: ZohoWorkerOptions): ZohoWorker {
  const { clock, access } = o
  const daemonId = randomUUID()
  const db = openDatabase({
    url: o.databaseUrl,
    applicationName: 'tds-simulated-worker',
    poolSize: 4,
    keyedLookups: true,
  })
  const http = httpClient({ name: 'zoho', timeoutMs: o.timeoutMs, maxBytes: 4 * 1024 * 1024 })
  const circuit = zohoCircuit({ db, daemonId, organizationId: access.organizationId, clock })
  const tokens = tokenSource({
    accountsUrl: o.zohoUrl,
    apiUrl: o.zohoUrl,
    clientId: access.credentials.clientId,
    clientSecret: access.credentials.clientSecret,
    refreshToken: access.credentials.refreshToken,
    clock,
    db,
    keys: [Buffer.alloc(32, 7)],
  })
  const budget = callBudget({
    db,
    daemonId,
    limits: { perMinute: o.perMinute, perDay: o.day?.perDay, maxInFlight: o.maxInFlight },
    timeZone: o.day?.timeZone ?? 'UTC',
    reserve: o.day?.reserve ?? (() => 0),
    clock,
  })
  const client = zohoClient({
    apiUrl: o.zohoUrl,
    http,
    clock,
    tokens: circuit.watchTokens(tokens),
    gate: gatesInRow([circuit, budget]),
  })
  return { db, source: zohoRecordSource(client), ledger: zohoDeliveryLedger(client) }
}

/** What a loop of reads came to. */
export interface LoopTally {
  reads: number
  /** Code of each error → how often it came. */
  errors: Record<string, number>
  /** Milliseconds of the hurried clock from the wish to the admission. */
  waits: number[]
}

/** Reads records of a type in one lane again and again until told to stop, as a loop of the worker does: what is refused waits as long as it is told. */
export async function readOn(
  { source }: ZohoWorker,
  o: {
    readonly organizationId: string
    readonly type: string
    readonly ids: readonly string[]
    readonly lane: CallLane
    readonly clock: Clock
    /** From the end of a read to the next wish. */
    readonly pauseMs: number
    readonly signal: AbortSignal
  },
): Promise<LoopTally> {
  const tally: LoopTally = { reads: 0, errors: {}, waits: [] }
  const entity = definitionOf(o.type)
  for (let turn = 0; !o.signal.aborted; turn += 1) {
    const wishedAt = o.clock.monotonicMs()
    try {
      const call = await source.admit({
        organizationId: o.organizationId,
        entity,
        lane: o.lane,
        signal: o.signal,
      })
      tally.waits.push(o.clock.monotonicMs() - wishedAt)
      await call.read(o.ids[turn % o.ids.length] ?? '')
      tally.reads += 1
      await o.clock.sleep(o.pauseMs, o.signal)
    } catch (error) {
      if (!(error instanceof TdsError)) throw error
      tally.errors[error.code] = (tally.errors[error.code] ?? 0) + 1
      const asked = error.facts['retryAfterMs']
      await o.clock.sleep(Math.max(o.pauseMs, typeof asked === 'number' ? asked : 1000), o.signal)
    }
  }
  return tally
}

function definitionOf(type: string): EntityDefinition {
  const entity = entityOf(type)
  if (entity === undefined) throw new RangeError(`There is no type ${type}`)
  return entity
}

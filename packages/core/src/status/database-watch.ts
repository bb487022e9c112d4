import { connectionReserve, databaseVitals, type Database, type DatabaseVitals } from '@tds/db'
import { gauge, poller, serviceGroup, type HealthCheck, type HealthResult, type Service } from '@tds/runtime'

/** From where on Postgres, or our way to it, degrades a daemon; docs/operations/health.md has this table. */
export const databaseThresholds = {
  /** Seconds between the clock of this machine and that of Postgres. */
  clockSkewSeconds: { degraded: 5 },
  /** Seconds that a transaction has been open: dead rows stay as long as it does. */
  oldestTransactionSeconds: { degraded: 600 },
  /** Looks in a row, 5 s apart, that found all connections of the pool in use and somebody waiting. */
  poolExhaustedLooks: { degraded: 3 },
} as const

/** Watching Postgres, and what came of it. */
export interface DatabaseWatcher extends Service {
  readonly checks: HealthCheck[]
}

const pool = gauge({
  name: 'tds_pool_connections',
  help: 'Connections of the pool to Postgres that are in use or idle, and who waits for one.',
  labelNames: ['state'],
})
const clockSkew = gauge({
  name: 'tds_clock_skew_seconds',
  help: 'How far the clock of Postgres is ahead of ours.',
})
const oldestTransaction = gauge({
  name: 'tds_oldest_transaction_seconds',
  help: 'Age of the oldest open transaction: dead rows are kept as long as it lasts.',
})
const connections = gauge({
  name: 'tds_postgres_connections',
  help: 'Connections that Postgres allows, that are open, and that the pools of all living daemons may grow to.',
  labelNames: ['what'],
})

interface Look {
  readonly vitals: DatabaseVitals
  readonly skewSeconds: number
}

/** What a test may set otherwise than the product does. */
export interface DatabaseWatchOptions {
  readonly poolEveryMs?: number
  /** From where on an open transaction degrades. */
  readonly oldestTransactionSeconds?: number
}

/** Looks all the time how Postgres fares, and our way to it, for figures and health of one daemon. */
export function watchDatabase(db: Database, o: DatabaseWatchOptions = {}): DatabaseWatcher {
  let exhausted = 0
  // Needs no connection, and so also works when there is none to be had.
  const poolWatch = poller({
    name: 'pool-watch',
    everyMs: o.poolEveryMs ?? 5_000,
    runOnce: () => {
      const { inUse, idle, waiting, most } = db.poolUse()
      pool.set({ state: 'in_use' }, inUse)
      pool.set({ state: 'idle' }, idle)
      pool.set({ state: 'waiting' }, waiting)
      exhausted = waiting > 0 && inUse >= most ? exhausted + 1 : 0
      return Promise.resolve({ inUse, waiting })
    },
  })
  const vitalsWatch = poller({
    name: 'database-vitals',
    everyMs: 15_000,
    runOnce: async () => ({ skewMs: Math.round((await look(db)).skewSeconds * 1000) }),
  })
  const judged = sharedLook(db)
  return {
    ...serviceGroup('database-watch', [poolWatch, vitalsWatch]),
    checks: [
      { name: 'connection pool', check: () => judgePool(db, exhausted) },
      { name: 'clock', check: async () => judgeClock(await judged()) },
      { name: 'oldest transaction', check: async () => judgeOldest(await judged(), o) },
      { name: 'connections', check: async () => judgeConnections(await judged()) },
    ],
  }
}

async function look(db: Database): Promise<Look> {
  const askedMs = Date.now()
  const vitals = await databaseVitals(db)
  // Its clock was read somewhere between question and answer.
  const skewSeconds = (vitals.epoch_ms - (askedMs + Date.now()) / 2) / 1000
  clockSkew.set(skewSeconds)
  oldestTransaction.set(vitals.oldest_transaction_seconds ?? 0)
  connections.set({ what: 'allowed' }, vitals.connections_allowed)
  connections.set({ what: 'open' }, vitals.connections_open)
  connections.set({ what: 'planned' }, vitals.connections_planned)
  return { vitals, skewSeconds }
}

/** The checks of one report ask at the same moment; they share one answer. */
function sharedLook(db: Database): () => Promise<Look> {
  let held: { readonly atMs: number; readonly answer: Promise<Look> } | null = null
  return () => {
    const atMs = performance.now()
    if (held === null || atMs - held.atMs > 1000) held = { atMs, answer: look(db) }
    return held.answer
  }
}

function judgePool(db: Database, exhausted: number): HealthResult {
  const { inUse, most, waiting } = db.poolUse()
  return {
    status: exhausted >= databaseThresholds.poolExhaustedLooks.degraded ? 'degraded' : 'healthy',
    detail: `${String(inUse)} of ${String(most)} connections are in use, ${String(waiting)} wait for one.`,
    facts: { inUse, most, waiting },
  }
}

function judgeClock({ skewSeconds }: Look): HealthResult {
  const seconds = Math.round(skewSeconds * 10) / 10
  const isSkewed = Math.abs(skewSeconds) > databaseThresholds.clockSkewSeconds.degraded
  const side = seconds < 0 ? 'behind' : 'ahead of'
  return {
    status: isSkewed ? 'degraded' : 'healthy',
    detail: `The clock of Postgres is ${String(Math.abs(seconds))} s ${side} ours.`,
    facts: { skewSeconds: seconds },
  }
}

function judgeOldest(
  { vitals }: Look,
  {
    oldestTransactionSeconds: limit = databaseThresholds.oldestTransactionSeconds.degraded,
  }: DatabaseWatchOptions,
): HealthResult {
  const oldest = vitals.oldest_transaction_seconds
  if (oldest === null) return { status: 'healthy', detail: 'No transaction is open.' }
  const seconds = Math.round(oldest)
  return {
    status: seconds >= limit ? 'degraded' : 'healthy',
    detail: `The oldest transaction has been open for ${String(seconds)} s.`,
    facts: { seconds },
  }
}

function judgeConnections({ vitals }: Look): HealthResult {
  const { connections_allowed: allowed, connections_planned: planned, connections_open: open } = vitals
  const isShort = planned + connectionReserve > allowed
  return {
    status: isShort ? 'degraded' : 'healthy',
    detail: `The daemons may want ${String(planned)} connections; Postgres allows ${String(allowed)}, ${String(open)} are open.`,
    facts: { allowed, planned, open, reserve: connectionReserve },
  }
}

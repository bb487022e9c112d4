import { AsyncLocalStorage } from 'node:async_hooks'

import { PrismaPg } from '@prisma/adapter-pg'
import pg from 'pg'

import { childLogger, isError, messageOf, TdsError } from '@tds/runtime'

import { breaksConnection, isNetworkSilent } from './database-errors.ts'
import { exactValues } from './exact-values.ts'
import { PrismaClient } from './generated/client.ts'
import type { Queryable, QueryOptions, Transaction } from './queryable.ts'
import { type SessionOptions, type Sessions, sessionsOf } from './sessions.ts'
import { withinLimit } from './transaction-limit.ts'

const CONNECTION_TIMEOUT_MS = 2_000
const log = childLogger('db:pool')
const openTransaction = new AsyncLocalStorage<{ isOpen: boolean }>()

/** How a database is opened. Times in milliseconds. */
export interface DatabaseOptions extends SessionOptions {
  /** Shown in `pg_stat_activity`. */
  applicationName: string
  /** Connections at most. */
  poolSize: number
  /**
   * Limit of waiting for a connection of the pool, and of opening one; default 2 s. Opening takes five turns, so that over a way
   * that is slow and loses packets two seconds are never enough: whoever can wait should.
   */
  connectionTimeoutMs?: number | undefined
  /** Limit of a whole transaction, from its begin to its commit; default none. Whatever is then in flight is rolled back. */
  transactionLimitMs?: number | undefined
}

/** How one transaction differs from others. */
export interface TransactionOptions {
  /**
   * Sends the first statements along with BEGIN instead of after its answer, which saves a turn. Should BEGIN alone fail,
   * by a cancel that hits just it, they have run each for itself, and the transaction throws: only for
   * statements that do no harm then.
   */
  unawaitedBegin?: boolean | undefined
}

/** A pool of connections to one database. */
export interface Database extends Queryable {
  /**
   * Runs `fn` in a transaction: committed when it returns, rolled back when it throws. Does not try again:
   * whoever knows whether that is safe does (`isDatabaseConflict`).
   *
   * @throws TdsError `nested_transaction` when called inside another one: it would wait for a second
   * connection while holding the first.
   */
  transaction<T>(fn: (tx: Transaction) => Promise<T>, options?: TransactionOptions): Promise<T>
  /** For reading and for settings, where comfort counts more than a millisecond. Made when first used. */
  readonly prisma: PrismaClient
  readonly url: string
  readonly directUrl: string
  /** How the connections are used at this moment. */
  poolUse(): PoolUse
  /** Waits for the statements in flight and closes all connections. Safe more than once. */
  close(): Promise<void>
}

/** The connections of one pool. */
export interface PoolUse {
  readonly most: number
  readonly inUse: number
  readonly idle: number
  /** Who waits for one. */
  readonly waiting: number
}

/** Opens a database; connects when first used. Survives every loss of connection. */
export function openDatabase(options: DatabaseOptions): Database {
  const sessions = sessionsOf(options)
  const pool = connectionPool(options, sessions)
  const how = { sessions, limitMs: options.transactionLimitMs }
  let prisma: PrismaClient | null = null
  let closed: Promise<void> | null = null
  return {
    query: async (text, values, queryOptions) => {
      const statement = { text, values, ...queryOptions }
      // A connection that is lent for one transaction has to be told its limits in it.
      if (sessions.lent) return runTransaction(pool, (tx) => tx.query(text, values), how)
      return withLease(pool, (lease) => runStatement(lease, statement))
    },
    transaction: async (fn, transactionOptions = {}) =>
      inTransaction(pool, fn, { ...how, ...transactionOptions }),
    get prisma() {
      prisma ??= new PrismaClient({
        adapter: new PrismaPg(pool, { onPoolError: logLoss, onConnectionError: logLoss }),
      })
      return prisma
    },
    url: options.url,
    directUrl: options.directUrl ?? options.url,
    poolUse: () => ({
      most: options.poolSize,
      inUse: pool.totalCount - pool.idleCount,
      idle: pool.idleCount,
      waiting: pool.waitingCount,
    }),
    close: async () => {
      closed ??= (async () => {
        await prisma?.$disconnect()
        await pool.end()
      })()
      await closed
    },
  }
}

function connectionPool(o: DatabaseOptions, sessions: Sessions): pg.Pool {
  const pool = new pg.Pool({
    connectionString: o.url,
    application_name: o.applicationName,
    max: o.poolSize,
    idleTimeoutMillis: 60_000,
    connectionTimeoutMillis: o.connectionTimeoutMs ?? CONNECTION_TIMEOUT_MS,
    ...sessions.startup,
    // The server's limit needs a server that answers: a network that swallows everything needs one of ours.
    query_timeout: sessions.statementTimeoutMs + 1_000,
    keepAlive: true,
    // A statement is sent without waiting for the answers to those before it: fewer turns between us and the server.
    pipeline: true,
    types: exactValues,
    // eslint-disable-next-line @typescript-eslint/no-misused-promises -- the pool waits for it; its types do not say so
    onConnect: (client) => prepareClient(client, sessions),
  })
  pool.on('error', logLoss)
  return pool
}

/** The pool's own listener does not cover a client that is checked out, and an error nobody listens to ends the process. */
async function prepareClient(client: pg.ClientBase, { prepare }: Sessions): Promise<void> {
  client.on('error', logLoss)
  if (prepare !== null) await client.query(prepare)
}

function logLoss(error: Error): void {
  log.warn('a connection to Postgres was lost', { reason: messageOf(error) })
}

/** A connection taken from the pool, and what made it unusable, if something did. */
interface Lease {
  readonly client: pg.PoolClient
  fault: Error | null
}

/** Lends a connection. One that is out of step with the server is destroyed: its next user would get the wrong answer. */
async function withLease<T>(pool: pg.Pool, fn: (lease: Lease) => Promise<T>): Promise<T> {
  const lease: Lease = { client: await trustedClient(pool), fault: null }
  try {
    return await fn(lease)
  } finally {
    if (isNetworkSilent(lease.fault)) silences.set(pool, performance.now())
    else provenAt.set(lease.client, performance.now())
    lease.client.release(lease.fault ?? undefined)
  }
}

/** When a connection last did its work, and when a pool last met a network that swallows everything; monotonic. */
const provenAt = new WeakMap<pg.PoolClient, number>()
const silences = new WeakMap<pg.Pool, number>()

/**
 * Where one connection fell silent, those that idle since before that have done so as well: they are thrown away together,
 * or each would cost the limit of a statement to find out.
 */
async function trustedClient(pool: pg.Pool): Promise<pg.PoolClient> {
  for (;;) {
    const client = await pool.connect()
    const proven = provenAt.get(client)
    if (proven === undefined || proven >= (silences.get(pool) ?? 0)) return client
    client.release(new Error('idle since before the network fell silent'))
  }
}

// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- only the caller knows what its statement returns
async function runStatement<R extends object>(
  lease: Lease,
  { text, values, name }: { text: string; values?: readonly unknown[] | undefined } & QueryOptions,
): Promise<{ rows: R[]; rowCount: number }> {
  try {
    const result = await lease.client.query<R>({
      text,
      values: [...(values ?? [])],
      ...(name ? { name } : {}),
    })
    return { rows: result.rows, rowCount: result.rowCount ?? 0 }
  } catch (error) {
    if (breaksConnection(error)) lease.fault = isError(error) ? error : new Error(messageOf(error))
    throw error
  }
}

/** How a transaction is made: what its sessions are, and how long it may take. */
interface HowToTransact extends TransactionOptions {
  readonly sessions: Sessions
  readonly limitMs: number | undefined
}

async function inTransaction<T>(
  pool: pg.Pool,
  fn: (tx: Transaction) => Promise<T>,
  o: HowToTransact,
): Promise<T> {
  if (openTransaction.getStore()?.isOpen) {
    throw new TdsError('a transaction was begun inside another one', {
      code: 'nested_transaction',
      disposition: 'dead-letter',
      nextStep: 'A mistake in the program: pass the transaction on instead of the database.',
    })
  }
  return runTransaction(pool, fn, o)
}

async function runTransaction<T>(
  pool: pg.Pool,
  fn: (tx: Transaction) => Promise<T>,
  o: HowToTransact,
): Promise<T> {
  return withLease(pool, async (lease) => {
    const state = { isOpen: true }
    try {
      const begun = runStatement(lease, { text: o.sessions.begin })
      if (o.unawaitedBegin === true) begun.catch(told)
      else await begun
      const working = openTransaction.run(state, fn, transactionOn(lease, { state, named: !o.sessions.lent }))
      const result = await withinLimit(working, o.limitMs, (error) => {
        // Its connection is closed with whatever is in flight on it: what comes late is not written.
        lease.fault = error
      })
      state.isOpen = false
      await begun
      await commit(lease)
      return result
    } catch (error) {
      state.isOpen = false
      await rollBack(lease)
      throw error
    }
  })
}

/** Whoever sends BEGIN without waiting learns of its failure before the commit. */
function told(): void {
  // Nothing to do here.
}

function transactionOn(
  lease: Lease,
  { state, named }: { readonly state: { readonly isOpen: boolean }; readonly named: boolean },
): Transaction {
  return {
    query: async (text, values, options) => {
      if (state.isOpen) return runStatement(lease, { text, values, ...(named ? options : {}) })
      throw new TdsError('a statement came after its transaction was over', {
        code: 'transaction_over',
        disposition: 'dead-letter',
        nextStep: 'A mistake in the program: a promise inside the transaction was not awaited.',
      })
    },
  }
}

/** Postgres answers COMMIT after a failed statement by rolling back, without calling it an error. */
async function commit(lease: Lease): Promise<void> {
  const { command } = await lease.client.query('COMMIT').catch((error: unknown) => {
    // Whether it was committed is not known, and neither is what the connection would say next.
    lease.fault = isError(error) ? error : new Error(messageOf(error))
    throw error
  })
  if (command === 'COMMIT') return
  throw new TdsError('a transaction went on after one of its statements had failed, and was rolled back', {
    code: 'transaction_aborted',
    disposition: 'dead-letter',
    nextStep: 'A mistake in the program: the error of a statement was caught inside the transaction.',
  })
}

/** What went wrong first is what gets thrown; a connection that cannot even roll back is not used again. */
async function rollBack(lease: Lease): Promise<void> {
  if (lease.fault) return
  await runStatement(lease, { text: 'ROLLBACK' }).catch((error: unknown) => {
    lease.fault = isError(error) ? error : new Error(messageOf(error))
  })
}

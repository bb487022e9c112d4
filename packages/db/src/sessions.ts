/** Where sessions are opened, and what holds in them. Times in milliseconds. */
export interface SessionOptions {
  url: string
  /**
   * Past a connection pooler; default `url`. Another address than `url` says that there is one, which lends a connection for
   * one transaction: then no statement is prepared, and each transaction is told its limits.
   */
  directUrl?: string | undefined
  /** Limit of one statement, kept by the server; default 30 s. We give up a second later if it does not answer. */
  statementTimeoutMs?: number | undefined
  /** Limit of doing nothing inside a transaction; default 10 s. */
  idleInTransactionTimeoutMs?: number | undefined
  /** Limit of waiting for a lock; default 2 s. */
  lockTimeoutMs?: number | undefined
  /**
   * Its statements look rows up by key: named ones keep their plan, and a plan never scans a table whole, also one made
   * while the table was small. `planFreely` lifts that for one transaction.
   */
  keyedLookups?: boolean | undefined
}

/** How sessions come by their settings. */
export interface Sessions {
  /** A pooler lends a connection for one transaction: nothing that is set or prepared outlasts that. */
  readonly lent: boolean
  /** Limits that the client asks for when it connects. A pooler refuses them. */
  readonly startup: Readonly<Record<string, number>>
  /** Sent once on each new connection; null for nothing. */
  readonly prepare: string | null
  /** What begins a transaction. */
  readonly begin: string
  readonly statementTimeoutMs: number
}

const keyedPlans = {
  plan_cache_mode: 'force_generic_plan',
  enable_hashjoin: 'off',
  enable_mergejoin: 'off',
  enable_seqscan: 'off',
}

/**
 * A network that has swallowed a connection tells Postgres nothing: without these it holds the backend, and its place among
 * max_connections, for two hours (Linux's default). Seconds, and a count.
 */
const keepalives = { tcp_keepalives_idle: 30, tcp_keepalives_interval: 10, tcp_keepalives_count: 3 }

/** Says once for each connection, or where a pooler lends them in each transaction, what holds in a session. */
export function sessionsOf(o: SessionOptions): Sessions {
  const statementTimeoutMs = o.statementTimeoutMs ?? 30_000
  const limits = {
    statement_timeout: statementTimeoutMs,
    lock_timeout: o.lockTimeoutMs ?? 2_000,
    idle_in_transaction_session_timeout: o.idleInTransactionTimeoutMs ?? 10_000,
  }
  const habits = { timezone: 'UTC', ...(o.keyedLookups ? keyedPlans : {}) }
  if (o.directUrl === undefined || o.directUrl === o.url) {
    const prepare = assignments('SET', { ...habits, ...keepalives })
    return { lent: false, startup: limits, prepare, begin: 'BEGIN', statementTimeoutMs }
  }
  const begin = `BEGIN; ${assignments('SET LOCAL', { ...limits, ...habits })}`
  return { lent: true, startup: {}, prepare: null, begin, statementTimeoutMs }
}

function assignments(verb: 'SET' | 'SET LOCAL', settings: Readonly<Record<string, string | number>>): string {
  return Object.entries(settings)
    .map(([name, value]) => `${verb} ${name} = '${String(value)}'`)
    .join('; ')
}

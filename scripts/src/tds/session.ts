import { randomUUID } from 'node:crypto'
import { userInfo } from 'node:os'
import type { OperatorParts, OperatorRequest, RedriveParts } from '@tds/core'
import { openDatabase, verifyDatabase, type Database } from '@tds/db'
import { baseConfigSchema, loadConfig, systemClock, zohoConfigSchema, type Clock } from '@tds/runtime'
import { usageError } from './output/failure.ts'
import type { Terminal } from './terminal.ts'

/** What the flags say that every command has. */
export interface GlobalOptions {
  readonly output: string
  readonly quiet: boolean
  readonly timeoutSeconds: number
  readonly dryRun: boolean
  readonly actor: string | undefined
  readonly reason: string | undefined
}

/** What a command works with; whatever it does not ask for is not opened. */
export interface Session {
  readonly terminal: Terminal
  readonly timeoutSeconds: number
  readonly clock: Clock
  /** What is told on the way, beside the result: not with --json, and not with --quiet. */
  readonly tellsProgress: boolean
  /** The installation's database, checked: of this program's schema, and durable. */
  database(): Promise<Database>
  /** The same without the check, for those who report on it. */
  uncheckedDatabase(): Database
  /** Who asks, and whether it is a rehearsal. */
  request(): OperatorRequest
  /** The same where a reason is needed. */
  reasonedRequest(): OperatorRequest & { readonly reason: string }
  /** The organisation of this installation. */
  organizationId(): string
  /** What work on events needs: the database, the queue, and rows of counters of its own. */
  operatorParts(): Promise<OperatorParts>
  /** The same with the reader of Zoho's bodies. */
  redriveParts(): Promise<RedriveParts>
  close(): Promise<void>
}

/** Makes a session; opens nothing yet. */
export function createSession(terminal: Terminal, options: GlobalOptions): Session {
  const closers: (() => Promise<void>)[] = []
  let opened: Database | null = null
  let verified: Promise<void> | null = null
  const session: Session = {
    terminal,
    timeoutSeconds: options.timeoutSeconds,
    clock: terminal.clock ?? systemClock,
    tellsProgress: options.output !== 'json' && !options.quiet,
    uncheckedDatabase: () => (opened ??= open()),
    database: async () => {
      const db = session.uncheckedDatabase()
      await (verified ??= verifyDatabase(db))
      return db
    },
    request: () => ({
      actor: options.actor ?? loginName(),
      reason: options.reason ?? null,
      dryRun: options.dryRun,
      via: 'cli-direct',
    }),
    reasonedRequest: () => {
      const { reason } = options
      if (reason === undefined) throw usageError('--reason <text> is needed: it is kept with what you do')
      return { ...session.request(), reason }
    },
    operatorParts: async () => {
      const db = await session.database()
      // pg-boss costs a third of a second to load: only who sends jobs pays it.
      const { createQueue } = await import('@tds/queue')
      const queue = createQueue({ db, role: 'sender' })
      await queue.start()
      closers.push(() => queue.stop())
      return { db, queue, mover: { daemonId: randomUUID(), lane: 0 } }
    },
    organizationId: () =>
      loadConfig(zohoConfigSchema.pick({ ZOHO_ORGANIZATION_ID: true }), terminal.env).ZOHO_ORGANIZATION_ID,
    redriveParts: async () => {
      const organizationId = session.organizationId()
      const { readDelivery } = await import('@tds/zoho')
      const parts = await session.operatorParts()
      return { ...parts, read: readDelivery, organizationId }
    },
    close: async () => {
      for (const close of closers.splice(0).reverse()) await close()
    },
  }
  return session

  function open(): Database {
    const fields = { DATABASE_URL: true, DATABASE_DIRECT_URL: true } as const
    const config = loadConfig(baseConfigSchema.pick(fields), terminal.env)
    const db = openDatabase({
      url: config.DATABASE_URL,
      directUrl: config.DATABASE_DIRECT_URL,
      applicationName: 'tds-cli',
      poolSize: 2,
      statementTimeoutMs: options.timeoutSeconds * 1000,
    })
    closers.push(() => db.close())
    return db
  }
}

function loginName(): string {
  try {
    return userInfo().username
  } catch {
    throw usageError('--actor <name> is needed: this system does not say who you are')
  }
}

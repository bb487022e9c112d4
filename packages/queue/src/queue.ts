import { createHash } from 'node:crypto'

import type { ConstructorOptions, Db, JobInsert, PgBoss } from 'pg-boss'

import { classifyDatabaseError, type Database, type Queryable } from '@tds/db'
import { messageOf, type Service, service, TdsError } from '@tds/runtime'

import { makeBoss } from './boss.ts'
import { type JobData, type JobName, ownKeyOf } from './jobs.ts'
import { stalledSeconds } from './stalled.ts'
import { type FailingUpkeep, queueUpkeep } from './upkeep.ts'
import { type WorkOptions, workLoop } from './work-loop.ts'

const STOP_TIMEOUT_MS = 25_000
/** Of the tables of pg-boss 12.38; a test compares it with the package. */
const PG_BOSS_SCHEMA = 46

const poolSizes = { sender: 2, worker: 5 }

/** Connections that a queue may hold in each role; a worker's listens on one more. */
export const queueConnections = { sender: poolSizes.sender, worker: poolSizes.worker + 1 } as const

/** One job to send. */
export interface NewJob<N extends JobName> {
  data: JobData[N]
  /** Not for so many seconds, by the clock of the database; default at once. */
  delaySeconds?: number | undefined
  /** At most one job with this key waits; further ones are dropped without a word, whatever their priority. `read-record` has one by itself: its record. */
  singletonKey?: string | undefined
  /** Higher first; default 0. */
  priority?: number | undefined
}

/** The way to send jobs and to have them worked on. */
export interface Queue extends Service {
  /**
   * Sends jobs in the caller's transaction: they exist when it commits and never did when it rolls back. Who works
   * on them is notified by the commit.
   */
  send<N extends JobName>(tx: Queryable, job: N, items: readonly NewJob<N>[]): Promise<void>
  /**
   * Works on jobs in batches, several at a time. `stop()` waits for the batches in hand. A handler that throws has
   * its whole batch tried again by the job's policy; one that outlives the job's expiry sees its signal abort.
   */
  work<N extends JobName>(job: N, options: WorkOptions<N>): Service
  /** For how long the loop that is worst off has got nowhere, in seconds; 0 where no loop runs. */
  stalledSeconds(): number
  /** The queues that this process looks after in vain; none where it only sends. */
  failingUpkeep(): FailingUpkeep[]
}

/** What `createQueue` needs. */
export interface QueueOptions {
  db: Pick<Database, 'directUrl'>
  /** A worker also looks after the queue: it returns the jobs of the dead, deletes what is old and listens for notifications. */
  role: 'sender' | 'worker'
  /** How often a worker looks for the jobs of the dead, in seconds; default 5. */
  superviseIntervalSeconds?: number | undefined
}

/**
 * Makes the queue. It connects past a pooler (`db.directUrl`), because notifications belong to a session.
 *
 * `start()` throws TdsError `schema_older` or `schema_newer` when the queue's tables are not those of this program, and
 * `database_*` when Postgres is not there.
 */
export function createQueue({ db, role, superviseIntervalSeconds = 5 }: QueueOptions): Queue {
  const isWorker = role === 'worker'
  const boss = makeBoss(db.directUrl, {
    application_name: `tds-queue-${role}`,
    max: poolSizes[role],
    migrate: false,
    // Done by our own upkeep, queue by queue.
    supervise: false,
    useListenNotify: isWorker,
    superviseIntervalSeconds,
    monitorIntervalSeconds: superviseIntervalSeconds,
  } satisfies Partial<ConstructorOptions>)
  const upkeep = queueUpkeep({
    everySeconds: superviseIntervalSeconds,
    lookAfter: async (name) => boss.supervise(name),
  })
  const lifecycle = service({
    name: `queue:${role}`,
    start: async () => {
      await startBoss(boss)
      if (isWorker) await upkeep.start()
    },
    // At once, because pg-boss breaks a round off only when it is told to stop.
    stop: async () => {
      await Promise.all([upkeep.stop(), boss.stop({ graceful: true, timeout: STOP_TIMEOUT_MS })])
    },
  })
  return {
    ...lifecycle,
    send: async (tx, job, items) => {
      if (items.length === 0) return
      const jobs = items.map((item) => toInsert(job, item)).sort(byKey)
      await boss.insert(job, jobs, { db: sqlOn(tx) })
    },
    work: (job, options) => workLoop(boss, job, options),
    stalledSeconds: () => stalledSeconds(boss.getWipData(), Date.now()),
    failingUpkeep: () => upkeep.failing(),
  }
}

async function startBoss(boss: PgBoss): Promise<void> {
  try {
    await boss.start()
  } catch (error) {
    const isSchemaFault = /not installed|requires migrations/.test(messageOf(error))
    const reason = isSchemaFault
      ? await wrongSchema(boss).catch(classifyDatabaseError)
      : classifyDatabaseError(error)
    await boss.stop({ graceful: false })
    throw reason
  }
}

async function wrongSchema(boss: PgBoss): Promise<TdsError> {
  const found = (await boss.isInstalled()) ? await boss.schemaVersion() : null
  const isNewer = found !== null && found > PG_BOSS_SCHEMA
  return new TdsError(
    `the tables of the queue are of version ${found ?? 'none'}, this program needs ${PG_BOSS_SCHEMA}`,
    {
      code: isNewer ? 'schema_newer' : 'schema_older',
      disposition: 'reject',
      nextStep: isNewer
        ? 'Start the version of the program that brought them, or a later one.'
        : 'Run pnpm db:deploy against this database, then start again.',
      facts: { found, needed: PG_BOSS_SCHEMA },
    },
  )
}

/** pg-boss inserts raw objects: what is not given must be absent. */
function toInsert<N extends JobName>(job: N, item: NewJob<N>): JobInsert<JobData[N]> {
  const singletonKey = item.singletonKey ?? ownKeyOf(job, item.data)
  return {
    data: item.data,
    ...(item.delaySeconds ? { startAfter: `${item.delaySeconds.toFixed(3)} seconds` } : {}),
    ...(singletonKey ? { singletonKey } : {}),
    ...(item.priority ? { priority: item.priority } : {}),
  }
}

/** Two transactions that sent the same keys in different order would wait for each other. */
function byKey(a: { singletonKey?: string }, b: { singletonKey?: string }): number {
  const [keyA, keyB] = [a.singletonKey ?? '', b.singletonKey ?? '']
  return keyA === keyB ? 0 : keyA < keyB ? -1 : 1
}

/** Lets pg-boss speak in the caller's transaction. Its insert is long and never varies, so it is prepared once. */
function sqlOn(tx: Queryable): Db {
  return {
    executeSql: async (text, values = []) => {
      const { rows } = await tx.query(text, values, { name: statementName(text) })
      return { rows }
    },
  }
}

const statementNames = new Map<string, string>()

function statementName(text: string): string {
  let name = statementNames.get(text)
  if (!name) {
    name = `queue_${createHash('sha256').update(text).digest('hex').slice(0, 16)}`
    statementNames.set(text, name)
  }
  return name
}

import { type ConstructorOptions, PgBoss } from 'pg-boss'

import { childLogger, messageOf } from '@tds/runtime'

// A network that swallows everything is noticed by the end of it, and polling is to go on within ten seconds.
const STATEMENT_TIMEOUT_MS = 9_000
const REPEAT_AFTER_MS = 10_000
const log = childLogger('queue:boss')

/** What differs between our instances of pg-boss. */
export type BossOptions = Pick<
  ConstructorOptions,
  | 'application_name'
  | 'max'
  | 'migrate'
  | 'supervise'
  | 'useListenNotify'
  | 'superviseIntervalSeconds'
  | 'monitorIntervalSeconds'
>

/** Makes an instance of pg-boss that survives the loss of its connections and never waits for ever. */
export function makeBoss(url: string, options: BossOptions): PgBoss {
  const connection = {
    connectionString: url,
    // Opening a connection takes several turns: over a slow way that loses packets two seconds are never enough.
    connectionTimeoutMillis: STATEMENT_TIMEOUT_MS,
    statement_timeout: STATEMENT_TIMEOUT_MS,
    // Without it a network that swallows everything stops the polling for good and without an error.
    query_timeout: STATEMENT_TIMEOUT_MS + 1_000,
    keepAlive: true,
  }
  const boss = new PgBoss({
    ...connection,
    ...options,
    // Schedules are ours: pg-boss looks back only one minute.
    schedule: false,
    // Daemons are in tds_daemons already.
    registerInstance: false,
    persistWarnings: false,
    persistQueueStats: false,
    warningQueueSize: 100_000,
    maintenanceIntervalSeconds: 60,
  })
  // An error event that nobody listens to ends the process.
  boss.on('error', onceInAWhile('the queue could not reach Postgres'))
  boss.on('warning', onceInAWhile('the queue warns'))
  return boss
}

/** During an outage every poll fails: the first line tells it, later ones only that it goes on. */
function onceInAWhile(message: string): (problem: { message: string }) => void {
  let lastAt = -Infinity
  let unsaid = 0
  return (problem) => {
    const now = performance.now()
    if (now - lastAt < REPEAT_AFTER_MS) {
      unsaid += 1
      return
    }
    log.warn(message, { reason: messageOf(problem), ...(unsaid > 0 ? { alsoUnsaid: unsaid } : {}) })
    lastAt = now
    unsaid = 0
  }
}

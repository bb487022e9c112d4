import { databaseTime, openDatabase, type Database } from '@tds/db'
import type { Queue } from '@tds/queue'
import { childLogger, messageOf, poller, TdsError, type Poller } from '@tds/runtime'

const log = childLogger('worker:stall')

/** For how long polling may get nowhere. */
const stallLimitSeconds = 60

/** What watching for a stall needs. */
export interface StallWatchParts {
  readonly queue: Pick<Queue, 'stalledSeconds'>
  readonly db: Pick<Database, 'directUrl'>
  /** Told of a stall that a new process would cure. */
  readonly onStall: (error: TdsError) => void
  readonly everyMs?: number | undefined
  readonly limitSeconds?: number | undefined
}

/** The watch, and whether a new process would do no better than this one. */
export interface StallWatch extends Poller {
  readonly isProgressing: () => boolean
}

/**
 * Ends a worker whose polling has got nowhere for a minute in which Postgres answered every look on a fresh connection, and
 * only such a one: while Postgres is away a new process would do no better, and once it is back the old one needs a moment.
 * Time in which the process itself was frozen does not count: only looks do.
 */
export function stallWatch(parts: StallWatchParts): StallWatch {
  const { everyMs = 5_000, limitSeconds = stallLimitSeconds } = parts
  let looksInVain = 0
  const isStuck = () => looksInVain * everyMs >= limitSeconds * 1000
  const looking = poller({
    name: 'stall-watch',
    everyMs,
    runOnce: async () => {
      const stalled = parts.queue.stalledSeconds()
      const getsNowhere = stalled * 1000 > 2 * everyMs
      looksInVain = getsNowhere && (await answersFreshly(parts.db)) ? looksInVain + 1 : 0
      if (isStuck()) parts.onStall(stallOf(stalled))
      return { stalledSeconds: Math.round(stalled), looksInVain }
    },
  })
  return { ...looking, isProgressing: () => !isStuck() }
}

async function answersFreshly({ directUrl }: Pick<Database, 'directUrl'>): Promise<boolean> {
  const fresh = openDatabase({
    url: directUrl,
    applicationName: 'tds-stall-watch',
    poolSize: 1,
    statementTimeoutMs: 2_000,
  })
  try {
    await databaseTime(fresh)
    return true
  } catch (error) {
    log.warn('polling gets nowhere, and neither does a fresh connection', { reason: messageOf(error) })
    return false
  } finally {
    await fresh.close()
  }
}

function stallOf(seconds: number): TdsError {
  return new TdsError(
    `Polling has got nowhere for ${String(Math.round(seconds))} s although Postgres answers`,
    {
      code: 'polling_stalled',
      disposition: 'retry',
      nextStep:
        'Nothing at once: the process ends with exit code 75 and is to be started again. If it repeats, read its log before.',
      facts: { stalledSeconds: Math.round(seconds) },
    },
  )
}

import { isDatabaseUnavailable, listRuns } from '@tds/db'
import type { Session } from '../session.ts'
import { hasEnded, runData, type RunData } from './run-data.ts'
import { runProgress } from './run-progress.ts'

/** How watching ended: with the runs, or before them. */
export interface Watched {
  readonly until: 'ended' | 'timed_out' | 'interrupted'
  readonly runs: readonly RunData[]
}

/** From one look to the next. */
const lookEveryMs = 1000

/** Hears the first press of Ctrl-C instead of dying from it; a second one ends the process, as ever. */
export function hearInterrupt({ terminal }: Session): {
  readonly signal: AbortSignal
  readonly stop: () => void
} {
  const heard = new AbortController()
  const stop = terminal.onInterrupt(() => {
    heard.abort()
    stop()
  })
  return { signal: heard.signal, stop }
}

/**
 * Watches runs until all have ended, the time is over, or a person stops it; the runs themselves go on whatever happens
 * here. While Postgres is away it waits for it to come back.
 */
export async function watchRuns(
  session: Session,
  ids: readonly string[],
  o: { readonly timeoutSeconds: number; readonly signal: AbortSignal },
): Promise<Watched> {
  const progress = await runProgress(session)
  try {
    return await watch(session, ids, { ...o, show: progress.show })
  } finally {
    progress.stop()
  }
}

interface Watching {
  readonly timeoutSeconds: number
  readonly signal: AbortSignal
  readonly show: (runs: readonly RunData[]) => void
}

async function watch(session: Session, ids: readonly string[], o: Watching): Promise<Watched> {
  const { clock } = session
  const until = clock.monotonicMs() + o.timeoutSeconds * 1000
  let runs: RunData[] = []
  for (;;) {
    runs = (await look(session, ids)) ?? runs
    o.show(runs)
    if (runs.length > 0 && runs.every(hasEnded)) return { until: 'ended', runs }
    const leftMs = until - clock.monotonicMs()
    if (leftMs <= 0) return { until: 'timed_out', runs }
    await clock.sleep(Math.min(lookEveryMs, leftMs), o.signal)
    if (o.signal.aborted) return { until: 'interrupted', runs }
  }
}

/** Null while Postgres is away. */
async function look(session: Session, ids: readonly string[]): Promise<RunData[] | null> {
  try {
    return await readRuns(session, ids)
  } catch (error) {
    if (isDatabaseUnavailable(error)) return null
    throw error
  }
}

/** Reads runs as results have them, in the order of the ids. */
export async function readRuns(session: Session, ids: readonly string[]): Promise<RunData[]> {
  const found = await listRuns(await session.database(), { ids }, { limit: ids.length, after: null })
  return found.map(runData).sort((left, right) => ids.indexOf(left.runId) - ids.indexOf(right.runId))
}

import { z } from 'zod'
import { askForRun, pipelineThresholds, type WantedRun } from '@tds/core'
import { owedReadsByType, pipelineStatus, type Database } from '@tds/db'
import { codeOf } from '@tds/runtime'
import type { Outcome, Warning } from '../command.ts'
import { exitCodes } from '../exit-codes.ts'
import type { WaitInput } from '../input/run-input.ts'
import { countWords } from '../output/amounts.ts'
import type { Shown } from '../output/shown.ts'
import type { Session } from '../session.ts'
import { countsTable, hasEnded, runSchema, type RunData } from './run-data.ts'
import { hearInterrupt, readRuns, watchRuns, type Watched } from './watch-runs.ts'

const askedSchema = z.strictObject({
  entityType: z.string(),
  /** `joined`: the same was asked for before and waits; `refused`: another run of the type waits. */
  outcome: z.enum(['asked', 'joined', 'refused']),
  runId: z.string().nullable(),
})

/** What a command gives that asks for runs. */
export const askedRunsSchema = z.strictObject({
  asked: z.array(askedSchema),
  /** How watching ended; null where nobody watched. */
  watched: z.enum(['ended', 'timed_out', 'interrupted']).nullable(),
  runs: z.array(runSchema),
})

type AskedRun = z.output<typeof askedSchema>
type AskedRuns = z.output<typeof askedRunsSchema>

/** What makes one command that asks for runs different from another. */
export interface Asking extends WaitInput {
  readonly wanted: readonly WantedRun[]
  /** A completed run whose result is bad news all the same. */
  readonly isBad: (run: RunData) => Promise<boolean>
}

/**
 * Asks for a run of each type and, where it is wished, watches until they have ended.
 * @throws TdsError `run_waiting` where nothing could be asked for, because another run of the type waits.
 */
export async function askForRuns(session: Session, asking: Asking): Promise<Outcome<AskedRuns>> {
  const waits = asking.wait ?? session.terminal.stdout.isTTY === true
  if (!waits) return askOnly(session, asking)
  // From here on Ctrl-C is answered with what was asked for by then.
  const interrupt = hearInterrupt(session)
  try {
    return await askAndWatch(session, asking, interrupt.signal)
  } finally {
    interrupt.stop()
  }
}

async function askOnly(session: Session, { wanted }: Asking): Promise<Outcome<AskedRuns>> {
  const db = await session.database()
  const asked = await askForEach(session, db, wanted)
  const warnings = [...asked.flatMap(refusalOf), ...(await workersMissing(db))]
  const isPartial = asked.some(({ outcome }) => outcome === 'refused')
  const data: AskedRuns = { asked, watched: null, runs: await readRuns(session, idsOf(asked)) }
  return { data, warnings, exitCode: isPartial ? exitCodes.partial : exitCodes.done }
}

async function askAndWatch(
  session: Session,
  { wanted, waitTimeout: timeoutSeconds, isBad }: Asking,
  signal: AbortSignal,
): Promise<Outcome<AskedRuns>> {
  const db = await session.database()
  const asked = await askForEach(session, db, wanted)
  const missing = await workersMissing(db)
  // Told at once to who waits: nothing happens before a worker is there.
  if (session.tellsProgress)
    for (const { message } of missing) session.terminal.stderr.write(`warning: ${message}\n`)
  const watched = await watchRuns(session, idsOf(asked), { timeoutSeconds, signal })
  const data: AskedRuns = { asked, watched: watched.until, runs: [...watched.runs] }
  const warnings = [
    ...asked.flatMap(refusalOf),
    ...(session.tellsProgress ? [] : missing),
    ...goingOn(watched),
    ...(await detailsOwed(db, watched)),
  ]
  return { data, warnings, exitCode: await exitCodeOf(data, isBad) }
}

function idsOf(asked: readonly AskedRun[]): string[] {
  return asked.flatMap(({ runId }) => runId ?? [])
}

async function askForEach(session: Session, db: Database, wanted: readonly WantedRun[]): Promise<AskedRun[]> {
  const asked: AskedRun[] = []
  const refusals: unknown[] = []
  for (const one of wanted) {
    const entityType = one.entity.type
    try {
      const { runId, joined } = await askForRun(db, one, session.request())
      asked.push({ entityType, outcome: joined ? 'joined' : 'asked', runId })
    } catch (error) {
      if (codeOf(error) !== 'run_waiting') throw error
      refusals.push(error)
      asked.push({ entityType, outcome: 'refused', runId: null })
    }
  }
  if (refusals.length > 0 && refusals.length === wanted.length) throw refusals[0]
  return asked
}

function refusalOf({ entityType, outcome }: AskedRun): Warning[] {
  if (outcome !== 'refused') return []
  const message = `${entityType}: another run waits already; see tds sync runs --type ${entityType} --status waiting`
  return [{ code: 'run_waiting', message }]
}

/** A warning where nobody is there to carry out what was asked for. */
export async function workersMissing(db: Database): Promise<Warning[]> {
  const { workerSilentSeconds: workerSeconds, alerterSilentSeconds: alerterSeconds } = pipelineThresholds
  const { workers_alive: alive } = await pipelineStatus(db, { workerSeconds, alerterSeconds })
  if (alive > 0) return []
  return [{ code: 'no_worker', message: 'no worker is alive; what was asked for begins when one is started' }]
}

function goingOn({ until, runs }: Watched): Warning[] {
  if (until === 'ended') return []
  const code = until === 'timed_out' ? 'wait_timed_out' : 'interrupted'
  return runs
    .filter((run) => !hasEnded(run))
    .map(({ entityType, runId }) => ({
      code,
      message: `${entityType}: the run goes on; see it with tds sync show ${runId}`,
    }))
}

/** A run ends with its list; the details that it asked for are read afterwards. */
async function detailsOwed(db: Database, { until, runs }: Watched): Promise<Warning[]> {
  const changing = runs.filter((run) => !run.dryRun)
  const [first] = changing
  if (until !== 'ended' || first === undefined) return []
  const owed = await owedReadsByType(db, first.organizationId)
  return changing.flatMap(({ entityType, runId }) => {
    const reads = owed
      .filter((one) => one.entity_type === entityType)
      .reduce((sum, one) => sum + one.reads, 0)
    if (reads === 0) return []
    const message = `${entityType}: ${countWords(reads)} details are still to be read; how long that takes says tds sync show ${runId}`
    return [{ code: 'details_owed', message }]
  })
}

async function exitCodeOf({ asked, watched, runs }: AskedRuns, isBad: Asking['isBad']): Promise<number> {
  if (watched === 'interrupted') return exitCodes.interrupted
  if (watched === 'timed_out') return exitCodes.unreachable
  if (runs.some(({ status }) => status === 'failed')) return exitCodes.unexpected
  const isWhole = runs.every(({ status }) => status === 'completed')
  if (!isWhole || asked.some(({ outcome }) => outcome === 'refused')) return exitCodes.partial
  for (const run of runs) if (await isBad(run)) return exitCodes.badVerdict
  return exitCodes.done
}

/** Shows what was asked for, and of runs that were watched what they came to. */
export function showAskedRuns({ asked, watched, runs }: AskedRuns): Shown {
  const said = { asked: 'asked for', joined: 'waits already, joined', refused: 'refused' } as const
  return {
    blocks: [
      watched === null
        ? {
            kind: 'table',
            columns: ['type', 'outcome', 'run'],
            rows: asked.map(({ entityType, outcome, runId }) => [entityType, said[outcome], runId]),
          }
        : countsTable(runs),
    ],
    ids: runs.map(({ runId }) => runId),
    records: watched === null ? asked : runs,
  }
}

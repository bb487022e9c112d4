import {
  compareType,
  entities,
  nextRun,
  performRun,
  type EntityDefinition,
  type RunParts,
  type RunSchedules,
  type Settings,
} from '@tds/core'
import { leaderDuty } from '@tds/db'
import { counter, serviceGroup, type Service, type TdsError } from '@tds/runtime'

const runs = counter({
  name: 'tds_runs_total',
  help: 'Runs that read lists or compared types, by type, mode and how they ended.',
  labelNames: ['entity', 'mode', 'status'],
})

/** The pause after a pass that found nothing to do. */
const idleMs = 5_000
/** The pause between two runs. */
const busyMs = 250
/** The longest pause while Zoho may not be called: somebody may ask for a run that needs no call. */
const longestWaitMs = 30_000

/** What the duty needs of its surroundings. */
export interface PerformRunsParts extends Omit<RunParts, 'lease' | 'signal' | 'compare'> {
  readonly organizationId: string
  readonly settings: Pick<Settings, 'number' | 'flag' | 'text'>
  /** In which the times of the schedules are meant. */
  readonly timeZone: string
}

/** Carries out the runs of each type, one after the other, in one worker of all; types do not wait for each other. */
export function performRuns(parts: PerformRunsParts): Service {
  return serviceGroup(
    'runs',
    entities.map((entity) => runsOf(parts, entity)),
  )
}

function runsOf(parts: PerformRunsParts, entity: EntityDefinition): Service {
  const { db, settings, organizationId, timeZone } = parts
  const type = { organizationId, entity }
  const callsPerDay = () => settings.number('full_depth_calls_per_day')
  const compare: RunParts['compare'] = (running, task) =>
    compareType({ ...running, entities, callsPerDay }, task)
  let pauseMs = idleMs
  return leaderDuty({
    name: `runs-${entity.type}`,
    db,
    holder: parts.daemonId,
    everyMs: () => pauseMs,
    runOnce: async (lease, signal) => {
      pauseMs = idleMs
      const next = await nextRun(db, type, schedulesOf(settings, timeZone))
      if (next === null) return { runs: 0 }
      const report = await performRun({ ...parts, compare, lease, signal }, type, next)
      pauseMs = report?.status === 'waiting' ? waitMs(report.error) : busyMs
      const mode = next.kind === 'open' ? next.run.mode : next.mode
      runs.inc({ entity: entity.type, mode, status: report?.status ?? 'failed' })
      return { runs: 1, read: report?.counts.read ?? 0, calls: report?.counts.apiCalls ?? 0 }
    },
  })
}

function schedulesOf(settings: PerformRunsParts['settings'], timeZone: string): RunSchedules {
  return {
    reads: settings.flag('sync.scheduled'),
    compares: settings.flag('enabled'),
    incrementalCron: settings.text('sync.incremental_cron'),
    wholeListCron: settings.text('sync.whole_list_cron'),
    reconciliationCron: settings.text('schedule_cron'),
    timeZone,
  }
}

function waitMs(error: TdsError | null): number {
  const wanted = error?.facts['retryAfterMs']
  return Math.min(longestWaitMs, typeof wanted === 'number' ? Math.max(busyMs, wanted) : idleMs)
}

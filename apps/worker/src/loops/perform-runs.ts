import { nextRun, performRun, type EntityDefinition, type RunParts, type RunSchedules } from '@tds/core'
import { leaderDuty } from '@tds/db'
import type { TdsError, Service } from '@tds/runtime'
import { counter, serviceGroup } from '@tds/runtime'

const runs = counter({
  name: 'tds_runs_total',
  help: 'Runs that read lists or compared types, by type, mode and how they ended.',
  labelNames: ['entity', 'mode', 'status'],
})

/** The pause after a pass that found nothing to do. */
const idleMs = 5_000
/** The pause between two runs. */
const busyMs = 250
/** The longest pause while Zoho may not be called; then it is asked again whether it may. */
const longestWaitMs = 5 * 60_000

/** What the duty needs of its surroundings. */
export interface PerformRunsParts extends Omit<RunParts, 'lease' | 'signal'> {
  readonly organizationId: string
  readonly schedules: () => RunSchedules
  readonly entities: readonly EntityDefinition[]
}

/** Carries out the runs of each type, one after the other, in one worker of all; types do not wait for each other. */
export function performRuns(parts: PerformRunsParts): Service {
  return serviceGroup(
    'runs',
    parts.entities.map((entity) => runsOf(parts, entity)),
  )
}

function runsOf(parts: PerformRunsParts, entity: EntityDefinition): Service {
  const type = { organizationId: parts.organizationId, entity }
  let pauseMs = idleMs
  return leaderDuty({
    name: `runs-${entity.type}`,
    db: parts.db,
    holder: parts.daemonId,
    everyMs: () => pauseMs,
    runOnce: async (lease, signal) => {
      pauseMs = idleMs
      const next = await nextRun(parts.db, type, parts.schedules())
      if (next === null) return { runs: 0 }
      const report = await performRun({ ...parts, lease, signal }, type, next)
      pauseMs = report?.status === 'waiting' ? waitMs(report.error) : busyMs
      const mode = next.kind === 'open' ? next.run.mode : next.mode
      runs.inc({ entity: entity.type, mode, status: report?.status ?? 'failed' })
      return { runs: 1, read: report?.counts.read ?? 0, calls: report?.counts.apiCalls ?? 0 }
    },
  })
}

function waitMs(error: TdsError | null): number {
  const wanted = error?.facts['retryAfterMs']
  return Math.min(longestWaitMs, typeof wanted === 'number' ? Math.max(busyMs, wanted) : idleMs)
}

import { pipelineStatus, type Database, type PipelineStatus } from '@tds/db'
import type { HealthCheck, HealthResult } from '@tds/runtime'

/**
 * From where on a figure degrades the system, and from where on it is unhealthy; docs/operations/health.md has this table. The
 * settings that `tds_get_health_summary()` goes by begin with the same numbers.
 */
export const pipelineThresholds = {
  oldestWaitingSeconds: { degraded: 900, unhealthy: 3600 },
  successRatio: { degraded: 0.995, unhealthy: 0.5, minimumEvents: 20 },
  oldestOwedReadSeconds: { degraded: 300, unhealthy: Infinity },
  oldestPatientReadSeconds: { degraded: 21_600, unhealthy: Infinity },
  /** Without a heartbeat for so long a worker does not count as alive. */
  workerSilentSeconds: 30,
  /** The same for an alerter. */
  alerterSilentSeconds: 60,
} as const

/** Checks of the path from inbox to mirror by its outcomes; every daemon that serves `/health` uses these. One statement feeds them all. */
export function pipelineChecks(db: Database): HealthCheck[] {
  const shared = shareForASecond(() =>
    pipelineStatus(db, {
      workerSeconds: pipelineThresholds.workerSilentSeconds,
      alerterSeconds: pipelineThresholds.alerterSilentSeconds,
    }),
  )
  const check = (name: string, judge: (status: PipelineStatus) => HealthResult): HealthCheck => ({
    name,
    check: async () => judge(await shared()),
  })
  return [
    check('waiting events', judgeWaiting),
    check('success ratio', judgeSuccess),
    check('dead letters', judgeDeadLetters),
    check('quarantine', judgeQuarantine),
    check('owed reads', judgeReads),
    check('workers', judgeWorkers),
    check('alerter', judgeAlerter),
  ]
}

function judgeWaiting({ waiting, oldest_waiting_seconds: oldest }: PipelineStatus): HealthResult {
  const facts = { waiting, oldestSeconds: oldest === null ? null : Math.round(oldest) }
  if (oldest === null) return { status: 'healthy', detail: 'No event is waiting.', facts }
  const detail = `${String(waiting)} events wait, the oldest for ${String(Math.round(oldest))} s.`
  return { status: byThreshold(oldest, pipelineThresholds.oldestWaitingSeconds), detail, facts }
}

function judgeSuccess({
  finished_last_hour: finished,
  succeeded_last_hour: succeeded,
}: PipelineStatus): HealthResult {
  const { degraded, unhealthy, minimumEvents } = pipelineThresholds.successRatio
  const facts = { finishedLastHour: finished, succeededLastHour: succeeded }
  if (finished === 0) return { status: 'healthy', detail: 'No event was finished in the last hour.', facts }
  const ratio = succeeded / finished
  const detail = `${String(succeeded)} of ${String(finished)} events of the last hour succeeded.`
  if (ratio >= degraded) return { status: 'healthy', detail, facts }
  return { status: ratio < unhealthy && finished >= minimumEvents ? 'unhealthy' : 'degraded', detail, facts }
}

/**
 * Never unhealthy: a letter is a matter for a person, and no daemon serves better for being taken out of a balancer. One
 * that nobody has settled for a day is said first and louder, since what it holds is missing in the mirror since then.
 */
function judgeDeadLetters(status: PipelineStatus): HealthResult {
  const { open_dead_letters: open, oldest_dead_letter_seconds: oldest } = status
  const limit = status.dead_letter_limit_seconds
  const isOverdue = oldest !== null && oldest >= limit
  const facts = { open, oldestSeconds: roundOrNull(oldest), limitSeconds: limit, overdue: isOverdue }
  if (oldest === null) return { status: 'healthy', detail: 'No dead letter is open.', facts }
  const detail = isOverdue
    ? `OVERDUE: a dead letter has waited ${hours(oldest)} for a person, limit ${hours(limit)}; ${String(open)} are open.`
    : `${String(open)} dead letters wait for a person, the oldest is ${hours(oldest)} old; limit ${hours(limit)}.`
  return { status: 'degraded', detail, facts }
}

function hours(seconds: number): string {
  return `${(seconds / 3600).toFixed(1).replace(/\.0$/, '')} h`
}

function judgeQuarantine({ quarantined }: PipelineStatus): HealthResult {
  const facts = { quarantined }
  if (quarantined === 0) return { status: 'healthy', detail: 'No delivery is quarantined.', facts }
  return { status: 'degraded', detail: `${String(quarantined)} deliveries are quarantined.`, facts }
}

function judgeReads(status: PipelineStatus): HealthResult {
  const { owed_reads: owed, oldest_owed_read_seconds: overdue, oldest_patient_read_seconds: patient } = status
  const facts = {
    owed,
    oldestOverdueSeconds: roundOrNull(overdue),
    oldestPatientOverdueSeconds: roundOrNull(patient),
  }
  if (overdue === null && patient === null) {
    return { status: 'healthy', detail: `${String(owed)} reads are owed, none is overdue.`, facts }
  }
  const oldest = Math.round(Math.max(overdue ?? 0, patient ?? 0))
  const detail = `${String(owed)} reads are owed, the oldest is ${String(oldest)} s overdue.`
  const { oldestOwedReadSeconds, oldestPatientReadSeconds } = pipelineThresholds
  const isLate =
    byThreshold(overdue ?? 0, oldestOwedReadSeconds) !== 'healthy' ||
    byThreshold(patient ?? 0, oldestPatientReadSeconds) !== 'healthy'
  return { status: isLate ? 'degraded' : 'healthy', detail, facts }
}

function roundOrNull(seconds: number | null): number | null {
  return seconds === null ? null : Math.round(seconds)
}

function judgeWorkers({ workers_alive: alive, waiting }: PipelineStatus): HealthResult {
  const facts = { alive }
  if (alive > 0) return { status: 'healthy', detail: `${String(alive)} workers are alive.`, facts }
  const seconds = String(pipelineThresholds.workerSilentSeconds)
  const detail = `No worker has beaten for ${seconds} seconds: events are accepted but not applied.`
  return { status: waiting > 0 ? 'unhealthy' : 'degraded', detail, facts }
}

/** Without one nobody is told of anything; the path itself goes on. */
function judgeAlerter({ alerters_alive: alive }: PipelineStatus): HealthResult {
  const facts = { alive }
  if (alive > 0) return { status: 'healthy', detail: 'An alerter is alive.', facts }
  const seconds = String(pipelineThresholds.alerterSilentSeconds)
  return {
    status: 'degraded',
    detail: `No alerter has beaten for ${seconds} seconds: nobody is told when something is wrong.`,
    facts,
  }
}

function byThreshold(
  value: number,
  limits: { readonly degraded: number; readonly unhealthy: number },
): HealthResult['status'] {
  if (value >= limits.unhealthy) return 'unhealthy'
  return value >= limits.degraded ? 'degraded' : 'healthy'
}

/** The checks of one report ask at the same moment; they share one answer. */
function shareForASecond<T>(ask: () => Promise<T>): () => Promise<T> {
  let held: { readonly at: number; readonly answer: Promise<T> } | null = null
  return () => {
    const at = performance.now()
    if (held === null || at - held.at > 1000) held = { at, answer: ask() }
    return held.answer
  }
}

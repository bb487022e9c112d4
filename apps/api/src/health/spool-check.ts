import type { HealthCheck, HealthResult, TdsError } from '@tds/runtime'
import { freeSpaceLimits } from '../spool/spool-space.ts'
import type { SpoolState } from '../spool/spool-state.ts'

/** From where on the spool degrades the api, and from where on it makes it unhealthy. */
export const spoolThresholds = {
  /** Age of the oldest delivery that waits to be drained, in seconds. */
  oldestSeconds: { degraded: 120, unhealthy: 900 },
  freeShare: freeSpaceLimits,
} as const

/** Whether the spool would take a delivery, and whether what is in it gets out. */
export function spoolCheck(
  spool: { readonly state: () => SpoolState },
  drain: { readonly problem: () => TdsError | null },
): HealthCheck {
  return {
    name: 'spool',
    check: () => {
      const { problem, ...facts } = spool.state()
      return {
        ...judge(spool.state(), drain.problem()),
        facts: { open: problem === null, ...rounded(facts) },
      }
    },
  }
}

function judge(
  { problem, oldestSeconds, records, tornFiles, freeShare }: SpoolState,
  unstored: TdsError | null,
): HealthResult {
  const { degraded, unhealthy } = spoolThresholds.oldestSeconds
  const waiting = `${String(records)} deliveries wait on local disk, the oldest for ${String(Math.round(oldestSeconds ?? 0))} s`
  if ((oldestSeconds ?? 0) >= unhealthy) return { status: 'unhealthy', detail: `${waiting}.` }
  if (problem !== null)
    return { status: 'degraded', detail: `${problem.message}: without Postgres deliveries are refused.` }
  if (unstored !== null)
    return { status: 'degraded', detail: `${waiting}, and cannot be stored: ${unstored.message}.` }
  if ((oldestSeconds ?? 0) >= degraded) return { status: 'degraded', detail: `${waiting}.` }
  if (tornFiles > 0)
    return { status: 'degraded', detail: `${String(tornFiles)} damaged parts were set aside.` }
  if (freeShare !== null && freeShare < spoolThresholds.freeShare.warning)
    return {
      status: 'degraded',
      detail: `The volume of the spool has ${String(Math.floor(freeShare * 100))} % left.`,
    }
  return { status: 'healthy', detail: records === 0 ? 'Nothing waits on local disk.' : `${waiting}.` }
}

function rounded({ oldestSeconds, freeShare, ...facts }: Omit<SpoolState, 'problem'>) {
  return {
    ...facts,
    oldestSeconds: oldestSeconds === null ? null : Math.round(oldestSeconds),
    freePercent: freeShare === null ? null : Math.floor(freeShare * 100),
  }
}

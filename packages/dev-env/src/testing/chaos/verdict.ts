import type { History } from '../history.ts'

/** One fault and how long it took until all was well again; null where that took too long. */
export interface Strike {
  readonly fault: string
  readonly scenario: string
  readonly recoveryMs: number | null
  /** What was not well when that took too long, in words. */
  readonly unwell: readonly string[]
}

/** What a run of chaos came to. */
export interface ChaosVerdict {
  readonly ok: boolean
  readonly seed: number
  readonly strikes: readonly Strike[]
  /** Requests by what their sender knows of them. */
  readonly requests: Readonly<Record<'stored' | 'refused' | 'unknown', number>>
  /** Different events that were answered with 2xx. */
  readonly accepted: number
  readonly lost: number
  /** Rows that differ from Zoho, went back or are not explained by their history; events that nobody sent or nobody finished. */
  readonly wrong: number
  /** Changes with more or fewer than their one audit entry. */
  readonly doubled: number
  readonly recoveryP95Ms: number | null
  /** All of what was broken, in words. */
  readonly broken: readonly string[]
}

/** Adds up what a run came to. It is good where nothing was broken and every fault was recovered from. */
export function verdictOf(seen: {
  readonly seed: number
  readonly strikes: readonly Strike[]
  readonly history: History
  readonly broken: readonly string[]
}): ChaosVerdict {
  const { seed, strikes, history, broken } = seen
  const requests = { stored: 0, refused: 0, unknown: 0 }
  for (const { outcome } of history.attempts) requests[outcome] += 1
  const lost = broken.filter((one) => one.startsWith('lost:')).length
  const doubled = broken.filter((one) => /^(?:audit|history|conservation):/.test(one)).length
  const recoveries = strikes.flatMap(({ recoveryMs }) => recoveryMs ?? []).sort((a, b) => a - b)
  const isRecovered = recoveries.length === strikes.length
  return {
    ok: broken.length === 0 && isRecovered,
    seed,
    strikes,
    requests,
    accepted: new Set(history.attempts.flatMap(({ eventId }) => eventId ?? [])).size,
    lost,
    wrong: broken.length - lost - doubled,
    doubled,
    recoveryP95Ms: recoveries[Math.ceil(recoveries.length * 0.95) - 1] ?? null,
    broken,
  }
}

/** The verdict for people, a line each. */
export function verdictLines(verdict: ChaosVerdict): string[] {
  const { requests, recoveryP95Ms, strikes, broken } = verdict
  const unrecovered = strikes.filter(({ recoveryMs }) => recoveryMs === null)
  return [
    `requests         ${String(requests.stored)} answered 2xx, ${String(requests.refused)} refused, ${String(requests.unknown)} without an answer`,
    `accepted         ${String(verdict.accepted)} events`,
    `lost             ${String(verdict.lost)}`,
    `wrong            ${String(verdict.wrong)}`,
    `doubled          ${String(verdict.doubled)}`,
    `faults           ${String(strikes.length)}, recovered from ${String(strikes.length - unrecovered.length)}`,
    `recovery P95     ${recoveryP95Ms === null ? 'none' : `${(recoveryP95Ms / 1000).toFixed(1)} s`}`,
    `seed             ${String(verdict.seed)}`,
    ...unrecovered.map(({ fault, unwell }) => `  not recovered: ${fault}: ${unwell.join('; ')}`),
    ...broken.slice(0, 20).map((one) => `  ${one}`),
    ...(broken.length > 20 ? [`  and ${String(broken.length - 20)} more`] : []),
    verdict.ok ? 'verdict: everything held' : 'verdict: NOT everything held',
  ]
}

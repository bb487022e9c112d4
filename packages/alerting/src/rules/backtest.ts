import { storedSamples, type Queryable } from '@tds/db'
import { findingOf, type InstanceState, nextState } from '../evaluation/next-state.ts'
import type { SettledRule } from './rule-settings.ts'
import type { Sample } from './rule.ts'

/** One time that a rule would have fired; times as ISO 8601 in UTC. */
export interface Firing {
  readonly firedAt: string
  /** Null where it would fire still. */
  readonly resolvedAt: string | null
  readonly highest: number
}

/** What the past says of a rule. */
export interface Backtest {
  /** Values found in the past; 0 says nothing about the rule. */
  readonly samples: number
  readonly highest: number | null
  readonly firings: readonly Firing[]
}

interface Point {
  readonly atMs: number
  readonly value: number
}

/**
 * Asks the stored numbers of the last minutes when a rule would have fired by these settings; null where its number is not
 * stored. The past has one number a minute, so a moment is exact to a minute.
 */
export async function backtest(
  tx: Queryable,
  { rule, settings, timing }: SettledRule,
  minutes: number,
): Promise<Backtest | null> {
  const { stored } = rule
  if (stored === undefined) return null
  const rows = await storedSamples(tx, { metric: stored.metric, minutes })
  const points = worstByMoment(
    rows.map((row) => ({ at: row.recorded_at, value: stored.numberOf(JSON.parse(row.value)) })),
  )
  return {
    samples: points.length,
    highest: points.length === 0 ? null : Math.max(...points.map(({ value }) => value)),
    firings: firingsOf(points, { timing, judge: (value) => stored.judge(value, settings) }),
  }
}

/** Of several types at one moment the worst counts. */
function worstByMoment(values: readonly { readonly at: string; readonly value: number | null }[]): Point[] {
  const byMoment = new Map<number, number>()
  for (const { at, value } of values) {
    const atMs = new Date(at).getTime()
    if (value !== null) byMoment.set(atMs, Math.max(value, byMoment.get(atMs) ?? -Infinity))
  }
  return [...byMoment].map(([atMs, value]) => ({ atMs, value }))
}

function firingsOf(
  points: readonly Point[],
  o: {
    readonly timing: SettledRule['timing']
    readonly judge: (value: number) => Pick<Sample, 'breaches' | 'holds'>
  },
): Firing[] {
  const firings: Firing[] = []
  let state: InstanceState | null = null
  let open: { firedMs: number; highest: number } | null = null
  for (const { atMs, value } of points) {
    const seen = { finding: findingOf(o.judge(value)), severity: o.timing.severity, timing: o.timing }
    const { after, event } = nextState(state, { ...seen, isMilder: false, now: atMs * 1000 })
    state = after
    if (event === 'fired') open = { firedMs: atMs, highest: value }
    if (open === null) continue
    open.highest = Math.max(open.highest, value)
    if (event !== 'resolved') continue
    firings.push(firing(open, atMs))
    open = null
  }
  return open === null ? firings : [...firings, firing(open, null)]
}

function firing(
  { firedMs, highest }: { firedMs: number; highest: number },
  resolvedMs: number | null,
): Firing {
  return {
    firedAt: new Date(firedMs).toISOString(),
    resolvedAt: resolvedMs === null ? null : new Date(resolvedMs).toISOString(),
    highest,
  }
}

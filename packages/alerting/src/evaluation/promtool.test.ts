import { randomInt } from 'node:crypto'
import fc from 'fast-check'
import type { StoredAlertState, Transaction } from '@tds/db'
import { fingerprintOf } from '../labels.ts'
import { alertRules } from '../rules/index.ts'
import { settleRule } from '../rules/rule-settings.ts'
import {
  differenceFromPrometheus,
  hasPromtool,
  type MetricSeries,
  type OracleGroup,
  type PrometheusRule,
  type PrometheusState,
} from '../testing/promtool.ts'
import { nextInstances } from './next-instances.ts'

const seed = Number(process.env['TDS_SEED'] ?? randomInt(1_000_000))
const stepSeconds = 15
const steps = 48
const seriesOfEachRule = 200
const startMs = Date.parse('2026-06-15T10:00:00Z')

/** One of the customer's rules as somebody else would write it, and the numbers at which it might turn. */
interface Retold {
  readonly rule: PrometheusRule
  /** Values of its metrics that go together. */
  readonly values: readonly Readonly<Record<string, number>>[]
}

const retold: readonly Retold[] = [
  {
    rule: {
      alert: 'failure_rate',
      expr: `(failed / attempts > 0.05 and attempts >= 20)
        or (failed_longer == attempts_longer and attempts_longer >= 5 and attempts < 20)
        or (failed / attempts > 0.03 and attempts >= 20 and ${fires('failure_rate')})
        or (failed_longer / attempts_longer > 0.03 and attempts < 20 and ${fires('failure_rate')})`,
      forSeconds: 60,
      keepSeconds: 120,
    },
    values: [
      attempts(0, 0, 0, 0),
      attempts(5, 100, 5, 100),
      attempts(6, 100, 6, 100),
      attempts(3, 100, 3, 100),
      attempts(4, 100, 4, 100),
      attempts(1, 20, 1, 20),
      attempts(2, 20, 2, 20),
      attempts(19, 19, 19, 19),
      attempts(4, 4, 4, 4),
      attempts(0, 0, 5, 5),
      attempts(1, 1, 6, 7),
    ],
  },
  {
    rule: {
      alert: 'queue_backlog',
      expr: `waiting > 1000 or (waiting > 800 and ${fires('queue_backlog')})`,
      forSeconds: 60,
      keepSeconds: 120,
    },
    values: [0, 790, 800, 801, 999, 1000, 1001, 1010, 50_000].map((waiting) => ({ waiting })),
  },
  {
    rule: { alert: 'sync_lag', expr: 'oldest > 900', forSeconds: 0, keepSeconds: 120 },
    values: [0, 899.9, 900, 900.001, 916, 90_000].map((oldest) => ({ oldest })),
  },
  {
    rule: {
      alert: 'dlq_growth',
      expr: `letters > 100 or (letters > 80 and ${fires('dlq_growth')})`,
      forSeconds: 0,
      keepSeconds: 0,
    },
    values: [0, 79, 80, 81, 99, 100, 101, 500].map((letters) => ({ letters })),
  },
  {
    rule: { alert: 'worker_down', expr: 'seconds > 300', forSeconds: 0, keepSeconds: 60 },
    values: [0, 15, 299, 300, 300.5, 315, 4000].map((seconds) => ({ seconds })),
  },
]

// Debian's package `prometheus`, which .ci/run installs.
const whereThereIsOne = hasPromtool ? describe : describe.skip

whereThereIsOne(`the customer's rules beside Prometheus (TDS_SEED=${String(seed)})`, () => {
  let groups: OracleGroup[]

  beforeAll(async () => {
    groups = []
    for (const { rule, values } of retold) {
      const series = fc.sample(seriesOf(values), { numRuns: seriesOfEachRule, seed })
      const states = await Promise.all(series.map((one) => ourStates(rule.alert, one)))
      groups.push({ rule, series, states })
    }
  })

  it('are in the same state at each of 48 steps of 1,000 random series', async () => {
    expect(groups.flatMap(({ series }) => series)).toHaveLength(1000)
    expect(new Set(groups.flatMap(({ states }) => states.flat()))).toEqual(
      new Set([null, 'pending', 'firing']),
    )
    expect(await differenceFromPrometheus(groups, stepSeconds)).toBeNull()
  })

  it('would be told apart by a single threshold that equals instead of exceeding', async () => {
    const bent = groups.map((group) => ({
      ...group,
      rule: { ...group.rule, expr: group.rule.expr.replace('letters > 100', 'letters >= 100') },
    }))
    expect(await differenceFromPrometheus(bent, stepSeconds)).toContain('dlq_growth')
  })
})

function attempts(failed: number, all: number, failedLonger: number, allLonger: number) {
  return { failed, attempts: all, failed_longer: failedLonger, attempts_longer: allLonger }
}

function fires(alert: string): string {
  return `on(series) ALERTS{alertname="${alert}", alertstate="firing"}`
}

/** Values that stay for a while, as long as rules wait and twice as long. */
function seriesOf(values: Retold['values']): fc.Arbitrary<MetricSeries> {
  const stretch = fc.tuple(fc.constantFrom(...values), fc.integer({ min: 1, max: 12 }))
  return fc.array(stretch, { minLength: steps, maxLength: steps }).map((stretches) => {
    const course = stretches.flatMap(([value, length]) => Array.from({ length }, () => value)).slice(0, steps)
    const names = Object.keys(values[0] ?? {})
    return Object.fromEntries(names.map((name) => [name, course.map((at) => at[name] ?? Number.NaN)]))
  })
}

/** Measures, judges and steps on as the alerter does; only the numbers are not counted by Postgres. */
async function ourStates(name: string, metrics: MetricSeries): Promise<PrometheusState[]> {
  const rule = alertRules.find((one) => one.name === name)
  if (rule === undefined) throw new Error(`there is no rule ${name}`)
  const settled = settleRule(rule, new Map())
  let standing: StoredAlertState[] = []
  const states: PrometheusState[] = []
  for (let step = 0; step < steps; step += 1) {
    const nowMs = startMs + step * stepSeconds * 1000
    const found = await rule.measure({
      tx: countedAs(metrics, step),
      settings: settled.settings,
      now: new Date(nowMs),
      startedAt: new Date(startMs - 3_600_000),
    })
    const samples = new Map(found.map((sample) => [fingerprintOf(name, sample.labels), sample]))
    const stepped = nextInstances({ settled, samples, error: null }, standing, nowMs * 1000)
    standing = stepped.flatMap(({ after }) => (after === null ? [] : [asStored(after)]))
    states.push(prometheusState(standing[0]?.state))
  }
  return states
}

/** Answers every statement with one row that has all the columns that these rules read. */
function countedAs(metrics: MetricSeries, step: number): Transaction {
  const row: Record<string, number | null> = {
    oldest_waiting_seconds: null,
    oldest_on_quota: null,
    exhausted_for: null,
    records: 0,
    oldest_seconds: null,
  }
  for (const [name, values] of Object.entries(metrics)) row[name] = values[step] ?? Number.NaN
  const query: unknown = () => Promise.resolve({ rows: [{ waiting: 0, ...row }], rowCount: 1 })
  return { query: query as Transaction['query'] }
}

/** Postgres writes times with a space. */
function asStored(state: StoredAlertState): StoredAlertState {
  const stored = (text: string | null) => text?.replace('T', ' ') ?? null
  return {
    ...state,
    active_since: stored(state.active_since) ?? '',
    fired_at: stored(state.fired_at),
    clear_since: stored(state.clear_since),
    evaluated_at: stored(state.evaluated_at) ?? '',
  }
}

/** Prometheus has no word for what fires on for a while after it is well. */
function prometheusState(state: StoredAlertState['state'] | undefined): PrometheusState {
  if (state === undefined) return null
  return state === 'pending' ? 'pending' : 'firing'
}

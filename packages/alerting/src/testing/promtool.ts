import { spawnSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const program = '/usr/bin/promtool'

/** Whether this machine has it: Debian's package `prometheus`, which `.ci/run` installs. */
export const hasPromtool = spawnSync(program, ['--version']).status === 0

/** A rule in Prometheus' words. Times in seconds. */
export interface PrometheusRule {
  readonly alert: string
  readonly expr: string
  readonly forSeconds: number
  readonly keepSeconds: number
}

/** A value of each metric at each step, of one thing that a rule looks at. */
export type MetricSeries = Readonly<Record<string, readonly number[]>>

/** State of an alert as Prometheus calls it; null where there is none. */
export type PrometheusState = 'pending' | 'firing' | null

/** A rule over many things, and which state each of them is expected to be in at each step. */
export interface OracleGroup {
  readonly rule: PrometheusRule
  readonly series: readonly MetricSeries[]
  readonly states: readonly (readonly PrometheusState[])[]
}

/**
 * Asks `promtool test rules` whether Prometheus would be in the same states, evaluating every `stepSeconds`. Null where it
 * would, otherwise the beginning of what promtool says.
 */
export async function differenceFromPrometheus(
  groups: readonly OracleGroup[],
  stepSeconds: number,
): Promise<string | null> {
  const step = `${String(stepSeconds)}s`
  const folder = await mkdtemp(join(tmpdir(), 'tds-promtool-'))
  try {
    const rules = groups.map(({ rule }) => ({
      alert: rule.alert,
      expr: rule.expr,
      for: `${String(rule.forSeconds)}s`,
      keep_firing_for: `${String(rule.keepSeconds)}s`,
    }))
    // JSON is YAML as well.
    const ruleFile = { groups: [{ name: 'oracle', interval: step, rules }] }
    const testFile = {
      rule_files: ['rules.yml'],
      evaluation_interval: step,
      tests: groups.map((group) => testOf(group, stepSeconds)),
    }
    await writeFile(join(folder, 'rules.yml'), JSON.stringify(ruleFile))
    await writeFile(join(folder, 'test.yml'), JSON.stringify(testFile))
    const said = spawnSync(program, ['test', 'rules', 'test.yml'], { cwd: folder, encoding: 'utf8' })
    return said.status === 0 ? null : `${said.stdout}${said.stderr}`.slice(0, 3000)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

function testOf({ rule, series, states }: OracleGroup, stepSeconds: number): object {
  const steps = states[0]?.length ?? 0
  return {
    interval: `${String(stepSeconds)}s`,
    input_series: series.flatMap((metrics, number) =>
      Object.entries(metrics).map(([name, values]) => ({
        series: `${name}{series="${String(number)}"}`,
        values: values.join(' '),
      })),
    ),
    promql_expr_test: Array.from({ length: steps }, (_, step) => ({
      expr: 'ALERTS',
      eval_time: `${String(step * stepSeconds)}s`,
      exp_samples: states.flatMap((ofSeries, number) => {
        const state = ofSeries[step] ?? null
        if (state === null) return []
        const labels = `ALERTS{alertname="${rule.alert}",alertstate="${state}",series="${String(number)}"}`
        return [{ labels, value: 1 }]
      }),
    })),
  }
}

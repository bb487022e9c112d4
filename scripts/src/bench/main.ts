import { parseArgs } from 'node:util'
import { printResult, type BenchResult } from './figures.ts'
import { benchIngest } from './ingest.ts'
import { benchLatency } from './latency.ts'
import { benchBacklog, benchProcess, benchProcessMix } from './process.ts'
import { benchReconcile } from './reconcile.ts'
import { benchReplay } from './replay.ts'

const benches: Readonly<Record<string, () => Promise<BenchResult>>> = {
  ingest: () => benchIngest({ requests: 8000 }),
  process: () => benchProcess({ events: 10_000 }),
  'process-mix': () => benchProcessMix({ events: 10_000 }),
  latency: () => benchLatency({ events: 600 }),
  backlog: () => benchBacklog({ small: 10_000, large: 200_000 }),
  replay: () => benchReplay({ letters: 500, rounds: 5, perSecond: 20 }),
  reconcile: () => benchReconcile({ small: 10_000, large: 100_000, damaged: 100, singleReads: 1000 }),
}

const usage = `usage: pnpm bench [${Object.keys(benches).join('|')}|all] [--json]
Each figure stands beside a ceiling or a peer measured in the same run. Without a name: ingest, process and latency.`

try {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { json: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } },
  })
  if (values.help) console.log(usage)
  else await runBenches(chosen(positionals), values.json)
} catch (error) {
  if (!(error instanceof TypeError || error instanceof RangeError)) throw error
  console.error(`${error.message}\n${usage}`)
  process.exitCode = 2
}

function chosen(names: readonly string[]): string[] {
  if (names.length === 0) return ['ingest', 'process', 'latency']
  if (names.includes('all')) return Object.keys(benches)
  const unknown = names.find((name) => !Object.hasOwn(benches, name))
  if (unknown !== undefined) throw new RangeError(`there is no benchmark named ${unknown}`)
  return [...names]
}

async function runBenches(names: readonly string[], asJson: boolean): Promise<void> {
  const results: BenchResult[] = []
  for (const name of names) {
    const result = await benches[name]?.()
    if (result === undefined) continue
    results.push(result)
    if (!asJson) printResult(result)
  }
  if (asJson) console.log(JSON.stringify(results, null, 2))
}

import { randomInt } from 'node:crypto'

import { readChaosWish, usage } from './arguments.ts'
import { runChaos } from './run-chaos.ts'
import { verdictLines } from './verdict.ts'

const wish = readChaosWish(process.argv.slice(2), randomInt(1_000_000))
switch (wish.kind) {
  case 'help':
    console.log(usage)
    break
  case 'wrong':
    console.error(`chaos: ${wish.problem}\n\n${usage}`)
    process.exitCode = 2
    break
  case 'run': {
    const interrupted = new AbortController()
    for (const signal of ['SIGINT', 'SIGTERM'] as const)
      process.once(signal, () => {
        console.error('chaos: ending after the fault under way')
        interrupted.abort()
      })
    console.error(`chaos: seed ${String(wish.seed)}, ${String(wish.minutes)} min`)
    const verdict = await runChaos({
      seed: wish.seed,
      seconds: wish.minutes * 60,
      ratePerSecond: 20,
      faults: wish.faults,
      tell: (line) => {
        console.error(line)
      },
      signal: interrupted.signal,
    })
    console.log(wish.json ? JSON.stringify(verdict, null, 2) : verdictLines(verdict).join('\n'))
    process.exitCode = verdict.ok ? 0 : 1
  }
}

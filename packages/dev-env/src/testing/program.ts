import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'

import { bareEnvironment } from '../processes/daemon-environment.ts'
import { CHECKOUT } from '../processes/daemon.ts'
import { listProcesses } from './process-list.ts'
import { waitUntil } from './wait-until.ts'

// Reached by nothing that works, on a slow and busy machine either: a program that ends is noticed at once.
const SAYS_LIMIT_MS = 180_000

/** One of our programs as somebody would start it, without a supervisor of ours. */
export interface Program {
  readonly pid: number
  /** All that it has printed so far. */
  output(): string
  /** Resolves when it has printed this; throws Error when it ends without, or after three minutes. */
  says(text: string): Promise<void>
  /** Every process beneath it now, whatever group or session it is in. */
  descendants(): number[]
  kill(signal: NodeJS.Signals): void
  readonly ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>
}

/** Starts a program of this package, such as `demo.ts`. */
export function startProgram(
  file: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Program {
  const postgresBin = process.env['TDS_TEST_POSTGRES_BIN']
  const child: ChildProcess = spawn(
    process.execPath,
    ['--conditions=tds-source', `packages/dev-env/src/${file}`, ...args],
    {
      cwd: CHECKOUT,
      env: {
        ...bareEnvironment(process.env),
        ...(postgresBin ? { TDS_TEST_POSTGRES_BIN: postgresBin } : {}),
        ...env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  )
  let output = ''
  const note = (chunk: Buffer) => {
    output += chunk.toString()
  }
  child.stdout?.on('data', note)
  child.stderr?.on('data', note)
  const ended = once(child, 'close').then(([code, signal]) => ({
    code: code as number | null,
    signal: signal as NodeJS.Signals | null,
  }))
  return {
    pid: child.pid ?? 0,
    output: () => output,
    says: async (text) => {
      const hasEnded = () => child.exitCode !== null || child.signalCode !== null
      await waitUntil(() => output.includes(text) || hasEnded(), {
        what: `${file} says "${text}": ${output}`,
        withinMs: SAYS_LIMIT_MS,
      })
      if (!output.includes(text)) throw new Error(`${file} ended without saying "${text}":\n${output}`)
    },
    descendants: () => descendantsOf(child.pid ?? 0),
    kill: (signal) => {
      child.kill(signal)
    },
    ended,
  }
}

function descendantsOf(root: number): number[] {
  const processes = listProcesses()
  const found: number[] = []
  let parents = [root]
  while (parents.length > 0) {
    const children = processes.filter(({ parent }) => parents.includes(parent)).map(({ pid }) => pid)
    found.push(...children)
    parents = children
  }
  return found
}

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { text } from 'node:stream/consumers'

import { CHECKOUT } from '../processes/daemon.ts'

// For what hangs: nothing that a test asks for takes so long, on a slow and busy machine either.
const LIMIT_MS = 90_000

/** How an operator starts the command: by the root script, or through the package of scripts. */
export type CommandForm = 'tds' | 'filter'

/** What one run of the operator command came to. */
export interface CommandRun {
  readonly exitCode: number | null
  readonly out: string
  readonly err: string
}

/** Runs the operator command as a process of its own, through the pinned pnpm, as the documentation writes it. */
export async function runOperatorCommand(
  form: CommandForm,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<CommandRun> {
  const { packageManager } = JSON.parse(readFileSync(`${CHECKOUT}package.json`, 'utf8')) as {
    packageManager: string
  }
  const script = form === 'tds' ? ['-s', 'tds'] : ['--filter', 'scripts']
  const child = spawn('npx', ['-y', packageManager, ...script, ...args], {
    cwd: CHECKOUT,
    timeout: LIMIT_MS,
    // pnpm wants to know its registry, as whoever started the test does; only the options of the test runner's own Node go.
    env: { ...process.env, ...env, NODE_OPTIONS: '' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  return { exitCode: child.exitCode, out, err }
}

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

import { TdsError } from '@tds/runtime'

import {
  type ProcessEnd,
  type ProcessSpec,
  startProcess,
  type SupervisedProcess,
} from './supervised-process.ts'

/** The checkout that all programs are started from. */
export const CHECKOUT = fileURLToPath(new URL('../../../../', import.meta.url))

const READY_LIMIT_MS = 180_000
const POLL_MS = 25
const STOP_GRACE_MS = 15_000
const TOLD_LOG_LINES = 15

/** How to start one of our programs. */
export interface DaemonSpec {
  /** Unique in a run: names the process and its log. */
  readonly name: string
  /** Its folder in the checkout, for example `apps/api`. */
  readonly app: string
  readonly env: Readonly<Record<string, string>>
  /** Address that answers 200 when it is ready. */
  readonly readyUrl: string
  readonly logs: string
  /** Runs what `pnpm build` made, instead of the sources. */
  readonly built?: boolean
}

/** One of our programs as a real process, which can be ended and started again. */
export interface Daemon {
  readonly name: string
  readonly log: string
  pid(): number
  /** How it ended; null while it runs. */
  ended(): ProcessEnd | null
  whenEnded(): Promise<ProcessEnd>
  /** Resolves when it says that it is ready; rejects when it ends, or takes longer than a minute. */
  untilReady(): Promise<void>
  kill(signal: NodeJS.Signals): void
  /** Asks it to stop, kills it after 15 s. */
  stop(): Promise<ProcessEnd & { readonly forced: boolean }>
  /** Starts it anew after it has ended, with the same ports. Does not wait until it is ready. */
  startAgain(): Promise<void>
}

/** Starts a daemon without waiting until it is ready. */
export async function startDaemon(spec: DaemonSpec): Promise<Daemon> {
  const log = join(spec.logs, `${spec.name}.log`)
  let current = await startProcess(processSpec(spec, log))
  return {
    name: spec.name,
    log,
    pid: () => current.pid,
    ended: () => current.ended(),
    whenEnded: () => current.whenEnded,
    untilReady: () => untilReady(current, { readyUrl: spec.readyUrl, log }),
    kill: (signal) => {
      current.kill(signal)
    },
    stop: () => current.stop(),
    startAgain: async () => {
      await current.whenEnded
      current = await startProcess(processSpec(spec, log))
    },
  }
}

function processSpec(spec: DaemonSpec, log: string): ProcessSpec {
  const program = spec.built
    ? [join(spec.app, 'dist/main.js')]
    : ['--conditions=tds-source', join(spec.app, 'src/main.ts')]
  return {
    name: spec.name,
    command: [process.execPath, ...program],
    env: spec.env,
    cwd: CHECKOUT,
    log,
    graceMs: STOP_GRACE_MS,
  }
}

interface Waiting {
  readonly readyUrl: string
  readonly log: string
}

async function untilReady(running: SupervisedProcess, { readyUrl, log }: Waiting): Promise<void> {
  const limit = performance.now() + READY_LIMIT_MS
  for (;;) {
    const end = running.ended()
    if (end !== null)
      throw await notReady(running.name, {
        log,
        what: `ended with ${end.signal ?? `exit code ${String(end.code)}`}`,
      })
    const answer = await fetch(readyUrl, { signal: AbortSignal.timeout(5000) }).catch(() => null)
    const isReady = answer?.ok ?? false
    await answer?.body?.cancel()
    // Asked after the answer: whoever answered on the port of a process that has ended was somebody else.
    if (isReady && running.ended() === null) return
    if (performance.now() > limit) {
      throw await notReady(running.name, {
        log,
        what: `was not ready after ${String(READY_LIMIT_MS / 1000)} s`,
      })
    }
    await sleep(POLL_MS)
  }
}

async function notReady(name: string, { log, what }: { log: string; what: string }): Promise<TdsError> {
  const lines = (await readFile(log, 'utf8')).trimEnd().split('\n')
  const tail = lines.slice(-TOLD_LOG_LINES).join('\n')
  return new TdsError(`${name} ${what}. The end of its log:\n${tail}`, {
    code: 'daemon_not_ready',
    disposition: 'reject',
    nextStep: `Read the whole log: ${log}`,
  })
}

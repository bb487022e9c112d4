import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { constants } from 'node:os'
import type { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'

import { TdsError } from '@tds/runtime'

/**
 * What stands between us and a process, so that none outlives us: it holds one end of a pipe whose other end closes
 * by itself when we die, however we die, and then ends the process: asked first, killed when that takes too long.
 * It runs in a session of its own, because Ctrl-C in a terminal reaches a whole process group, and we end
 * our processes in order. It passes on the exit code, and tells the id of the real process at once.
 */
const SUPERVISOR = `
tenths=$1; shift
"$@" </dev/null 3<&- 4>&- &
child=$!
trap '' HUP INT TERM
echo $child >&4
exec 4>&-
(
  read -r _ <&3
  kill -TERM $child
  while [ $tenths -gt 0 ] && kill -0 $child; do /bin/sleep 0.1; tenths=$((tenths - 1)); done
  kill -KILL $child
) >/dev/null 2>&1 &
watcher=$!
exec 3<&-
wait $child
code=$?
kill -KILL $watcher
wait $watcher 2>/dev/null
exit $code
`

const GRACE_MS = 10_000
const FIRST_SIGNAL_CODE = 128

/** How to start one process. */
export interface ProcessSpec {
  /** What people call it; names it in messages. */
  readonly name: string
  /** Program and arguments. */
  readonly command: readonly [string, ...string[]]
  /** All of its environment: nothing of ours is inherited. */
  readonly env: Readonly<Record<string, string>>
  readonly cwd: string
  /** File to which everything it prints is appended; null lets it print where we print. */
  readonly log: string | null
  /** Time it has to end once asked before it is killed, also when we are gone; default 10 s. */
  readonly graceMs?: number
}

/** How a process ended. */
export interface ProcessEnd {
  readonly code: number | null
  /** The signal that killed it, for example `SIGKILL`. */
  readonly signal: NodeJS.Signals | null
}

/** A process that lives no longer than we do. */
export interface SupervisedProcess {
  readonly name: string
  readonly pid: number
  /** How it ended; null while it runs. */
  ended(): ProcessEnd | null
  /** Resolves when it has ended. */
  readonly whenEnded: Promise<ProcessEnd>
  /** Sends a signal; does nothing when the process has ended. */
  kill(signal: NodeJS.Signals): void
  /** Asks it to end and kills it when its time is over; `forced` tells which it took. Safe more than once. */
  stop(): Promise<ProcessEnd & { readonly forced: boolean }>
}

/**
 * Starts a process that ends when we end, `kill -9` included.
 *
 * @throws TdsError `process_start` when its program cannot be started at all.
 */
export async function startProcess(spec: ProcessSpec): Promise<SupervisedProcess> {
  const graceMs = spec.graceMs ?? GRACE_MS
  const supervisor = spawnSupervisor(spec, graceMs)
  const whenEnded = endOf(supervisor)
  let end: ProcessEnd | null = null
  whenEnded.then(
    (how) => {
      end = how
    },
    // Told below, where there is no process id.
    () => undefined,
  )
  const pid = await pidTold(supervisor, { spec, whenEnded })

  function kill(signal: NodeJS.Signals): void {
    if (end !== null) return
    try {
      process.kill(pid, signal)
    } catch (error) {
      // It has ended, only we have not heard of it yet.
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
    }
  }

  return {
    name: spec.name,
    pid,
    ended: () => end,
    whenEnded,
    kill,
    stop: async () => {
      kill('SIGTERM')
      const forced = !(await endsWithin(whenEnded, graceMs))
      if (forced) kill('SIGKILL')
      return { ...(await whenEnded), forced }
    },
  }
}

function spawnSupervisor(spec: ProcessSpec, graceMs: number): ChildProcess {
  const log = spec.log === null ? null : openSync(spec.log, 'a')
  const output = log ?? 'inherit'
  try {
    return spawn('/bin/sh', ['-c', SUPERVISOR, 'sh', String(Math.ceil(graceMs / 100)), ...spec.command], {
      cwd: spec.cwd,
      env: spec.env,
      detached: true,
      stdio: ['ignore', output, output, 'pipe', 'pipe'],
    })
  } finally {
    if (log !== null) closeSync(log)
  }
}

async function endOf(supervisor: ChildProcess): Promise<ProcessEnd> {
  const ended = once(supervisor, 'exit') as Promise<[number | null, NodeJS.Signals | null]>
  // The pipe breaks when the process ends by itself; that shows in the exit code.
  supervisor.stdio[3]?.on('error', () => undefined)
  const [code, signal] = await ended
  if (code === null || code <= FIRST_SIGNAL_CODE) return { code, signal }
  return { code: null, signal: signalNames.get(code - FIRST_SIGNAL_CODE) ?? 'SIGKILL' }
}

const signalNames: ReadonlyMap<number, NodeJS.Signals> = new Map(
  (Object.entries(constants.signals) as [NodeJS.Signals, number][]).map(([name, number]) => [number, name]),
)

async function pidTold(
  supervisor: ChildProcess,
  o: { spec: ProcessSpec; whenEnded: Promise<ProcessEnd> },
): Promise<number> {
  let told = ''
  try {
    for await (const chunk of supervisor.stdio[4] as Readable) told += String(chunk)
    if (!(Number(told) > 0)) await o.whenEnded
  } catch (cause) {
    throw notStarted(o.spec, cause)
  }
  if (Number(told) > 0) return Number(told)
  throw notStarted(o.spec)
}

function notStarted(spec: ProcessSpec, cause?: unknown): TdsError {
  return new TdsError(`${spec.name} could not be started`, {
    code: 'process_start',
    disposition: 'reject',
    nextStep: 'See what it printed.',
    facts: { command: spec.command, log: spec.log },
    ...(cause === undefined ? {} : { cause }),
  })
}

async function endsWithin(whenEnded: Promise<ProcessEnd>, ms: number): Promise<boolean> {
  const patience = new AbortController()
  const tooLong = sleep(ms, false, { signal: patience.signal }).catch(() => false)
  const ended = await Promise.race([whenEnded.then(() => true), tooLong])
  patience.abort()
  return ended
}

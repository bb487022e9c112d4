import { setFlagsFromString } from 'node:v8'
import type { Environment } from './config.ts'
import { codeOf, ConfigError, messageOf, TdsError } from './errors.ts'
import { logLevels } from './log-line.ts'
import { childLogger, configureLogging, flushLogging } from './logger.ts'
import { redactText } from './redaction.ts'
import type { Service } from './service.ts'
import { systemd } from './systemd.ts'
import { TDS_VERSION } from './version.ts'

const log = childLogger('runtime:run')

/** What a daemon may do to its own process. */
export interface DaemonControl {
  /** Brings the daemon down because of an error that no retry cures: told, stopped in order, exit code as for a failed start. */
  readonly fail: (error: unknown) => void
}

/** All services of a daemon as one. */
export interface Daemon extends Service {
  /** Whether its work gets on, or could not get on in another process either; default always. Without it systemd's watchdog bites. */
  readonly isProgressing?: (() => boolean) | undefined
}

/** Makes a daemon's services from its environment. */
export type BuildService = (env: Environment, control: DaemonControl) => Promise<Daemon> | Daemon

/** Bounds of the end of a process. */
export interface RunOptions {
  /** A stop that takes longer ends the process with exit code 1; default 30 s. */
  stopTimeoutMs?: number | undefined
  /** The same after a crash, when nothing is certain any more; default 5 s. */
  crashTimeoutMs?: number | undefined
  /**
   * Keeps the part of the heap for new objects as small as it begins. For a daemon that works in batches, whose rows are
   * garbage a moment later: with room to grow they lie about by the tens of megabytes, and it is no faster for that.
   */
  smallYoungHeap?: boolean | undefined
}

/**
 * Runs one daemon until a signal ends it: the whole of its `main.ts`. Resolves once the daemon has started.
 *
 * SIGTERM, SIGINT and SIGHUP stop it in order and exit 0; a second signal exits 1 at once. Bad configuration, a
 * wrong schema (`schema_…`), an unsafe database (`durability_…`) or one with too few connections (`connections_…`)
 * exit 78: restarting does not help. A process whose own polling is stuck (`polling_stalled`) exits 75: a new one helps. Any other
 * failure to start, to stop in time or at all, and every error that nobody caught, exit 1. No log line is lost.
 */
export async function run(
  name: string,
  build: BuildService,
  { stopTimeoutMs = 30_000, crashTimeoutMs = 5000, smallYoungHeap = false }: RunOptions = {},
): Promise<void> {
  const manager = systemd(process.env)
  let daemon: Daemon | null = null
  let exitCode = 0
  let ending: Promise<void> | null = null
  let signals = 0
  const limits: NodeJS.Timeout[] = []

  if (smallYoungHeap) setFlagsFromString('--semi-space-growth-factor=1')
  surviveClosedOutput()
  configureLogging({ daemon: name, ...logSettings(process.env) })
  process.on('uncaughtException', onCrash)
  process.on('unhandledRejection', onCrash)
  process.on('beforeExit', onNothingLeft)
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, onSignal)
  await launch()

  async function launch(): Promise<void> {
    try {
      daemon = await build({ ...process.env }, { fail })
      if (ending !== null) return
      await daemon.start()
      log.info('started', { version: TDS_VERSION, pid: process.pid, node: process.version })
      manager.tell('READY=1')
      watchProgress(daemon)
    } catch (error) {
      // A start that a signal overtook has not failed.
      if (ending === null) fail(error)
    }
  }

  function watchProgress({ isProgressing }: Daemon): void {
    if (manager.watchdogEveryMs === null) return
    setInterval(() => {
      if (isProgressing?.() ?? true) manager.tell('WATCHDOG=1')
      else log.error('no progress: the watchdog is not told')
    }, manager.watchdogEveryMs).unref()
  }

  function fail(error: unknown): void {
    tell(name, error)
    end(exitCodeOf(error), stopTimeoutMs)
  }

  function onSignal(signal: NodeJS.Signals): void {
    signals += 1
    if (signals > 1) process.exit(1)
    log.info('stopping', { signal })
    end(0, stopTimeoutMs)
  }

  function onCrash(thrown: unknown): void {
    try {
      log.error('crashed: an error that nobody caught', { error: thrown })
      end(1, crashTimeoutMs)
    } catch {
      process.exit(1)
    }
  }

  // A daemon ends through end(); if its work has run dry instead, somebody forgot to keep going.
  function onNothingLeft(): void {
    log.error('nothing was left to do')
    void exit(1)
  }

  // The first reason to end starts the stop; a worse one that comes meanwhile only changes the exit code.
  function end(code: number, withinMs: number): void {
    exitCode = Math.max(exitCode, code)
    // Keeps the process alive too: a stop that waits for nothing real would otherwise end it with exit code 0.
    const limit = setTimeout(() => {
      log.error('the stop took too long', { withinMs })
      void exit(Math.max(exitCode, 1))
    }, withinMs)
    limits.push(limit)
    if (ending === null) manager.tell('STOPPING=1')
    ending ??= stopAndExit()
  }

  async function stopAndExit(): Promise<void> {
    try {
      await daemon?.stop()
    } catch (error) {
      log.error('did not stop cleanly', { error })
      exitCode = Math.max(exitCode, 1)
    }
    log.info('stopped', { exitCode })
    // What is left is to hand over the log, which has a limit of its own: a slow reader is no slow stop.
    limits.forEach(clearTimeout)
    await exit(exitCode)
  }
}

// EX_CONFIG of sysexits.h; the units tell systemd not to restart on it.
const exitBadConfiguration = 78
/** EX_TEMPFAIL of sysexits.h: another process may do better. */
const exitStalled = 75

function exitCodeOf(error: unknown): number {
  if (codeOf(error) === 'polling_stalled') return exitStalled
  return error instanceof ConfigError || isRefusal(error) ? exitBadConfiguration : 1
}

function isRefusal(error: unknown): error is TdsError {
  return error instanceof TdsError && /^(schema|durability|connections)_/.test(error.code)
}

function tell(name: string, error: unknown): void {
  if (error instanceof ConfigError) {
    const problems = error.problems.map((problem) => `  ${problem.name}: ${problem.message}`)
    printPlainly([`${name} cannot run with this configuration:`, ...problems, error.nextStep])
  } else if (isRefusal(error)) {
    printPlainly([`${name} refuses to run: ${messageOf(error)} (${codeOf(error) ?? ''})`, error.nextStep])
  } else {
    log.error('failed', { error })
  }
}

// For the person who has just started it and sees the terminal or the unit's journal.
function printPlainly(lines: readonly string[]): void {
  process.stderr.write(`${lines.map((line) => redactText(line)).join('\n')}\n`)
}

async function exit(code: number): Promise<void> {
  await flushLogging()
  process.exit(code)
}

// The daemon is worth more than its log: it goes on when the reader of its output has gone.
function surviveClosedOutput(): void {
  process.stdout.on('error', () => undefined)
  process.stderr.on('error', () => undefined)
}

// Provisional, so that even a refused configuration is logged in the format asked for.
function logSettings(env: Environment) {
  const level = logLevels.find((known) => known === env['LOG_LEVEL']) ?? 'info'
  return { level, format: env['LOG_FORMAT'] === 'pretty' ? 'pretty' : 'json' } as const
}

import { Writable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import winston from 'winston'
import { currentLogContext } from './log-context.ts'
import { formatLogLine, logLevels, type LogEntry, type LogFormat, type LogLevel } from './log-line.ts'

/** Writes lines under one name. The fact called `error` is told with code, disposition, next step and stack. */
export interface Logger {
  debug(message: string, facts?: Record<string, unknown>): void
  info(message: string, facts?: Record<string, unknown>): void
  warn(message: string, facts?: Record<string, unknown>): void
  error(message: string, facts?: Record<string, unknown>): void
}

/** What `configureLogging` decides for the whole process. */
export interface LoggingOptions {
  daemon: string
  level: LogLevel
  format: LogFormat
  /** Where lines go, default standard output. */
  write?: ((line: string) => void) | undefined
}

/**
 * Decides where and how this process logs; may be called again. Lines logged before the first call are held (the
 * last 500 of them) and come out now, so that loggers can be used at module level.
 */
export function configureLogging({ daemon, level, format, write }: LoggingOptions): void {
  void closeOutput()
  settings = { daemon, format, write: write ?? null }
  setLogLevel(level)
  for (const early of held.splice(0)) emit(early)
}

/** Changes the level of the running process. */
export function setLogLevel(level: LogLevel): void {
  currentLevel = level
}

/** A logger named `package:subsystem`. Cheap, and usable at module level before `configureLogging`. */
export function childLogger(name: string): Logger {
  const at =
    (level: LogLevel) =>
    (message: string, facts: Record<string, unknown> = {}): void => {
      emit({ level, logger: name, message, facts, time: new Date(), context: currentLogContext() })
    }
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}

/**
 * Resolves when every line logged so far has left the process, or when nobody has taken one for `timeoutMs` (two
 * seconds): a slow reader gets all of them, one that has gone holds nobody up.
 */
export async function flushLogging({ timeoutMs = 2000 }: { timeoutMs?: number } = {}): Promise<void> {
  void closeOutput()
  const closing = Promise.all(closings).then(() => true)
  for (let seen = -1; seen !== linesTaken;) {
    seen = linesTaken
    const patience = new AbortController()
    const waited = sleep(timeoutMs, false, { signal: patience.signal }).catch(() => false)
    const isClosed = await Promise.race([closing, waited])
    patience.abort()
    if (isClosed) return
  }
}

let linesTaken = 0

type EarlyEntry = Omit<LogEntry, 'daemon'>

interface Settings {
  daemon: string
  format: LogFormat
  write: ((line: string) => void) | null
}

interface Output {
  logger: winston.Logger
  /** Lines given to winston, and lines that have left the process. */
  given: number
  taken: number
  tellTaken: () => void
  closed: Promise<void>
}

const mostHeld = 500
const held: EarlyEntry[] = []
let currentLevel: LogLevel = 'info'
let settings: Settings | null = null
let output: Output | null = null

function emit(entry: EarlyEntry): void {
  if (settings === null) {
    held.push(entry)
    if (held.length > mostHeld) held.shift()
    return
  }
  if (logLevels.indexOf(entry.level) < logLevels.indexOf(currentLevel)) return
  const line = formatLogLine({ ...entry, daemon: settings.daemon }, settings.format)
  if (settings.write !== null) settings.write(line)
  else {
    output ??= openOutput()
    output.given += 1
    output.logger.log({ level: entry.level, message: line })
  }
}

function openOutput(): Output {
  const sink = new Writable({
    // The callback waits for the line to have left, so that closing means flushed.
    write: (chunk: Buffer, _encoding, done) => {
      // A reader that has gone is no reason to fail: the daemon goes on without its log.
      process.stdout.write(chunk, () => {
        linesTaken += 1
        opened.taken += 1
        opened.tellTaken()
        done()
      })
    },
  })
  const closed = new Promise<void>((resolve) => sink.on('close', resolve))
  const transport = new winston.transports.Stream({ stream: sink, eol: '\n' })
  transport.on('finish', () => sink.end())
  const logger = winston.createLogger({
    // Levels are compared in emit(), before the work of formatting.
    level: 'debug',
    // The line is complete: winston only carries it.
    format: winston.format.printf((info) => String(info.message)),
    // eslint-disable-next-line @typescript-eslint/no-unsafe-class-instance-assignment -- winston's types describe its transports as interfaces
    transports: [transport],
  })
  const opened: Output = { logger, given: 0, taken: 0, tellTaken: () => undefined, closed }
  return opened
}

/** Outputs whose lines have not all left yet; whoever flushes waits for every one of them. */
const closings = new Set<Promise<void>>()

async function closeOutput(): Promise<void> {
  const closing = output
  output = null
  if (closing === null) return
  const closed = untilAllTaken(closing).then(async () => {
    closing.logger.end()
    return closing.closed
  })
  closings.add(closed)
  await closed
  closings.delete(closed)
}

/** Ending winston's logger drops what it has not handed on yet, so it is ended only when nothing is left in it. */
async function untilAllTaken(closing: Output): Promise<void> {
  if (closing.taken === closing.given) return
  await new Promise<void>((resolve) => {
    closing.tellTaken = () => {
      if (closing.taken === closing.given) resolve()
    }
  })
}

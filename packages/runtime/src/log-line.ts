import type { LogContext } from './log-context.ts'
import { redactError, redactRegistered, redactText, redactValue } from './redaction.ts'
import type { SafeError, SafeValue } from './redaction.ts'

/** How much is told, from most to least. */
export const logLevels = ['debug', 'info', 'warn', 'error'] as const

/** One of the four levels. */
export type LogLevel = (typeof logLevels)[number]

/** json for machines, one object a line; pretty for people. */
export type LogFormat = 'json' | 'pretty'

/** Everything that is known about one line before it is written. */
export interface LogEntry {
  time: Date
  level: LogLevel
  daemon: string
  logger: string
  message: string
  context: LogContext
  facts: Record<string, unknown>
}

/**
 * A line is at most this many bytes long, its end not counted.
 *
 * @internal
 */
export const longestLogLine = 8192

/**
 * Writes an entry as one line of at most 8 kB in the format asked for, redacted and with control characters
 * escaped. Never throws, whatever the facts are.
 */
export function formatLogLine(entry: LogEntry, format: LogFormat): string {
  const record = recordOf(entry)
  const render = format === 'json' ? jsonLine : prettyLines
  for (const longest of [4096, 1024, 256, 64]) {
    const line = render(shorten(record, longest))
    if (Buffer.byteLength(line) <= longestLogLine) return line
  }
  // Too many facts rather than too long ones.
  return render({ ...shorten(withoutFacts(record), 64), factsLeftOut: true })
}

function recordOf({ time, level, daemon, logger, message, context, facts }: LogEntry): SafeError {
  const { error, ...otherFacts } = facts
  const safeFacts = redactValue(otherFacts)
  return {
    timestamp: time.toISOString(),
    level,
    daemon,
    logger,
    message: redactText(message),
    ...contextOf(context),
    ...(isEmpty(safeFacts) ? {} : { facts: safeFacts }),
    ...(error === undefined ? {} : { error: redactError(error) }),
  }
}

function contextOf(context: LogContext): SafeError {
  const safe: SafeError = {}
  for (const name of ['requestId', 'eventId', 'runId'] as const) {
    const value = context[name]
    if (value !== undefined) safe[name] = redactText(value)
  }
  return safe
}

function isEmpty(value: SafeValue): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0
}

function withoutFacts(record: SafeError): SafeError {
  const { facts: _facts, error, ...rest } = record
  if (typeof error !== 'object' || error === null || Array.isArray(error)) return rest
  const { name = 'Error', code = null, message = '' } = error
  return { ...rest, error: { name, code, message } }
}

function shorten(value: SafeError, longest: number): SafeError
function shorten(value: SafeValue, longest: number): SafeValue
function shorten(value: SafeValue, longest: number): SafeValue {
  if (typeof value === 'string') return cut(value, longest)
  if (Array.isArray(value)) return value.map((entry) => shorten(entry, longest))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, entry]) => [cut(key, longest), shorten(entry, longest)]),
  )
}

function cut(text: string, longest: number): string {
  if (text.length <= longest) return text
  // toWellFormed: the cut may go through a surrogate pair.
  return `${text.slice(0, longest - 1).toWellFormed()}…`
}

function jsonLine(record: SafeError): string {
  // The second redaction catches a secret that only came together when the parts were joined.
  return escapeControls(redactRegistered(JSON.stringify(record)))
}

function prettyLines(record: SafeError): string {
  const { timestamp, level, logger, message, error, facts, daemon: _daemon, ...context } = record
  const time = text(timestamp).slice(11, 23)
  const told = [context, facts].flatMap(pairsOf).join(' ')
  const head = `${time} ${text(level).padEnd(5)} ${text(logger)}  ${inline(text(message))}`
  const lines = [told === '' ? head : `${head}  ${told}`, ...(error === undefined ? [] : errorLines(error))]
  return redactRegistered(lines.join('\n'))
}

function pairsOf(value: SafeValue | undefined): string[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return []
  return Object.entries(value).map(([key, entry]) => `${inline(key)}=${inline(compact(entry))}`)
}

function errorLines(error: SafeValue): string[] {
  if (typeof error !== 'object' || error === null || Array.isArray(error)) return []
  const { name, code, message, nextStep, stack, ...others } = error
  const title = `${text(name)}${code === undefined ? '' : ` [${text(code)}]`}: ${text(message)}`
  const more = pairsOf(others).join(' ')
  return [
    `    ${inline(title)}`,
    ...(nextStep === undefined ? [] : [`    next step: ${inline(text(nextStep))}`]),
    ...(more === '' ? [] : [`    ${more}`]),
    ...text(stack)
      .split('\n')
      .filter((frame) => frame.trim() !== '')
      .map((frame) => `    ${inline(frame.trim())}`),
  ]
}

function text(value: SafeValue | undefined): string {
  return value === undefined ? '' : compact(value)
}

function compact(value: SafeValue): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

// One line stays one line, and no escape sequence reaches a terminal.
function inline(value: string): string {
  // eslint-disable-next-line no-control-regex -- these characters are what it is about
  return escapeControls(value.replace(/[\u0000-\u001f]/g, escaped))
}

// What JSON leaves as it is, but terminals and line splitters act on: DEL, C1, line separators, direction marks.
function escapeControls(value: string): string {
  return value.replace(/[\u007f-\u009f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/g, escaped)
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}

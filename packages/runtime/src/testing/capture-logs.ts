import type { LogLevel } from '../log-line.ts'
import { configureLogging } from '../logger.ts'

/** The lines logged since `captureLogs()`. */
export interface CapturedLogs {
  /** As written. */
  lines: string[]
  /** As objects. */
  records(): Record<string, unknown>[]
  /** Everything at once, for a search. */
  text(): string
}

/** From now on keeps this process' log lines in memory, as JSON, for a test to look at. */
export function captureLogs({ level = 'debug' }: { level?: LogLevel } = {}): CapturedLogs {
  const lines: string[] = []
  configureLogging({ daemon: 'test', level, format: 'json', write: (line) => lines.push(line) })
  // What was held from before belongs to no test.
  lines.length = 0
  return {
    lines,
    records: () => lines.map((line) => JSON.parse(line) as Record<string, unknown>),
    text: () => lines.join('\n'),
  }
}

import { CronExpressionParser } from 'cron-parser'
import { z } from 'zod'
import { minuteMicros, type Instant } from '../sync/instant.ts'

/** A cron expression of five fields, as the settings hold it. */
export const cronSchema = z.string().refine(isCron, 'no cron expression of five fields')

function isCron(text: string): boolean {
  if (text.trim().split(/\s+/u).length !== 5) return false
  try {
    CronExpressionParser.parse(text)
    return true
  } catch {
    return false
  }
}

/** How the runs of a schedule went. */
export interface ScheduleHistory {
  /** When the last one began that ended well; null where none did. */
  readonly succeededAt: Instant | null
  /** Runs since then that did not. */
  readonly failures: number
  /** When the last one ended, however; null where none did. */
  readonly endedAt: Instant | null
}

/** The first wait after a run that did not end well; it doubles with each further one. */
const firstWait: Instant = minuteMicros
const longestWait: Instant = 60 * minuteMicros

/**
 * When a schedule is due: at the first of its times after the last run that ended well, so that a restart in between loses
 * none and brings none twice; at once where none ever did. After a run that failed it is due after a wait.
 * @param cron a text that {@link cronSchema} accepts; not looked at where no run has ended well.
 */
export function dueAt(cron: string, timeZone: string, history: ScheduleHistory): Instant {
  const { succeededAt, failures, endedAt } = history
  const regular = succeededAt === null ? -Infinity : nextTime(cron, timeZone, succeededAt)
  if (failures === 0 || endedAt === null) return regular
  return Math.max(regular, endedAt + Math.min(longestWait, firstWait * 2 ** Math.min(failures - 1, 10)))
}

function nextTime(cron: string, timeZone: string, after: Instant): Instant {
  const currentDate = new Date(Math.floor(after / 1000))
  return CronExpressionParser.parse(cron, { currentDate, tz: timeZone }).next().getTime() * 1000
}

import type { CallBudgetStatus } from '@tds/db'
import { rowsPerPage } from '../scan/walk-list.ts'

/** What a run has still to do, as far as anybody can know. */
export interface WorkLeft {
  /** Rows of the list that it has not met yet, at most; null where nobody knows. */
  readonly rows: number | null
  /** Each of these rows will owe a read of its details: a first load. */
  readonly owesEach: boolean
  /** Details that are owed already. */
  readonly details: number
  /** Details that one call brings. */
  readonly detailsPerCall: number
}

/** The calls that a first load may make: what is more urgent may make a few more. */
export interface CallAllowance {
  readonly perMinute: number
  /** Left of this day; null where the day has no limit that is known. */
  readonly leftToday: number | null
  /** Of every further day; null likewise. */
  readonly perDay: number | null
  readonly dayEndsInSeconds: number
}

/** About how much is left; null where that is not known. */
export interface RunEstimate {
  readonly pageCalls: number | null
  readonly detailCalls: number | null
  readonly calls: number | null
  readonly seconds: number | null
}

const secondsPerDay = 86_400

/**
 * Says about how many calls the work that is left takes, and how long, if nothing else calls Zoho. Nothing is guessed: what
 * depends on a list of unknown length is null, and so is a time that depends on limits that nobody has told yet.
 */
export function estimateRun(work: WorkLeft, allowance: CallAllowance | null): RunEstimate {
  const { rows, owesEach, details, detailsPerCall } = work
  const pageCalls = rows === null ? null : Math.ceil(rows / rowsPerPage)
  const owed = owesEach ? (rows === null ? null : details + rows) : details
  const detailCalls = owed === null ? null : Math.ceil(owed / detailsPerCall)
  const calls = pageCalls === null || detailCalls === null ? null : pageCalls + detailCalls
  const seconds = calls === null || allowance === null ? null : secondsFor(calls, allowance)
  return { pageCalls, detailCalls, calls, seconds }
}

/** How long so many calls take at least: null where the limits never allow them. */
export function secondsFor(calls: number, allowance: CallAllowance): number | null {
  const { perMinute, leftToday, perDay, dayEndsInSeconds } = allowance
  if (calls <= 0) return 0
  if (perMinute <= 0) return null
  const timeFor = (count: number) => (count / perMinute) * 60
  const today = Math.min(leftToday ?? Infinity, Math.floor((perMinute * dayEndsInSeconds) / 60))
  if (perDay === null || calls <= today) return timeFor(calls)
  const aDay = Math.min(perDay, perMinute * 60 * 24)
  if (aDay <= 0) return null
  const wholeDays = Math.ceil((calls - today) / aDay) - 1
  return dayEndsInSeconds + wholeDays * secondsPerDay + timeFor(calls - today - wholeDays * aDay)
}

/**
 * What of the calls is for a first load: all of the minute, and of the day what it does not leave to the others
 * (`call_reserve_share`). Null where Zoho was never called: then no limit is known.
 */
export function allowanceOf(
  budget: CallBudgetStatus | undefined,
  reserveShare: number,
): CallAllowance | null {
  if (budget === undefined) return null
  const { minute_limit: perMinute, day_limit: dayLimit, day_left: dayLeft, exhausted_for: exhausted } = budget
  const kept = dayLimit === null ? 0 : dayLimit * reserveShare
  // The rest of a day keeps its part; and of what others need is known only that it is no more than what is kept for them.
  const keptToday = kept * Math.min(1, budget.day_ends_in / secondsPerDay)
  const left = dayLeft === null ? null : Math.max(0, Math.floor(dayLeft - keptToday))
  return {
    perMinute,
    leftToday: exhausted === null ? left : 0,
    perDay: dayLimit === null ? null : Math.floor(dayLimit - kept),
    dayEndsInSeconds: exhausted ?? budget.day_ends_in,
  }
}

import type { JsonObject } from '../exact/json.ts'
import type { Random } from '../random.ts'
import { day, openZone, type Zone } from '../zone.ts'

/** When a record was made and last changed, in milliseconds. */
export interface Stamp {
  createdMs: number
  modifiedMs: number
}

/** Two moments of 2024 and 2025, so that a zone with summer time shows both of its offsets. */
export function pastStamp(random: Random): Stamp {
  const createdMs = firstMoment + random.between(0, 600 * 86_400) * 1000
  const untouched = random.chance(0.3)
  return { createdMs, modifiedMs: untouched ? createdMs : createdMs + random.between(1, 90 * 86_400) * 1000 }
}

/** `02 Mar 2026`, as Zoho's *_formatted keys show a day. */
export function shownDate(zone: Zone, ms: number): string {
  const [year = '', month = '', dayOfMonth = ''] = zone.date(ms).split('-')
  return `${dayOfMonth} ${months[Number(month) - 1] ?? ''} ${year}`
}

/** `01 Jul 2026 08:47 AM`, as Zoho's *_formatted keys show a time. */
export function shownTime(zone: Zone, ms: number): string {
  const time = zone.time(ms)
  const hour = Number(time.slice(11, 13))
  const shownHour = String(hour % 12 === 0 ? 12 : hour % 12).padStart(2, '0')
  return `${shownDate(zone, ms)} ${shownHour}:${time.slice(14, 16)} ${hour < 12 ? 'AM' : 'PM'}`
}

/** `Due in 6 days`, `Overdue by 3 days`, `Due today`: text that changes with the calendar alone. */
export function shownDueDays(dueDate: string, today: string): string {
  const days = daysBetween(today, dueDate)
  if (days === 0) return 'Due today'
  return days > 0 ? `Due in ${days} days` : `Overdue by ${-days} days`
}

/** Whole calendar days from one day to another, both `2026-07-21`. */
export function daysBetween(from: string, to: string): number {
  return Math.round((Date.parse(`${to}T00:00:00Z`) - Date.parse(`${from}T00:00:00Z`)) / day)
}

/** The calendar day so many days later. */
export function daysLater(date: string, days: number): string {
  return utc.date(Date.parse(`${date}T00:00:00Z`) + days * day)
}

/** The two times of a detail, for the end of its object. */
export function times(zone: Zone, { createdMs, modifiedMs }: Stamp): JsonObject {
  return { created_time: zone.time(createdMs), last_modified_time: zone.time(modifiedMs) }
}

const firstMoment = Date.UTC(2024, 0, 15, 5)
const utc = openZone('UTC')
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

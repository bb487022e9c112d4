import { z } from 'zod'

const hour = 3_600_000
const unitMs: Readonly<Record<string, number>> = { m: 60_000, h: hour, d: 24 * hour, w: 7 * 24 * hour }

/** A moment: a date, a time with its zone, or so long ago (`90m`, `24h`, `7d`, `2w`). */
export const momentInput = z.string().transform((text, context): Date => {
  const [, amount, unit = ''] = /^(\d{1,6})([mhdw])$/.exec(text) ?? []
  const [, day] =
    /^(\d{4}-\d\d-\d\d)(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d))?$/.exec(text) ?? []
  const moment =
    amount === undefined ? new Date(text) : new Date(Date.now() - Number(amount) * (unitMs[unit] ?? 0))
  const isMoment = amount !== undefined || (day !== undefined && isDay(day))
  // Before 1970 nothing was received, and Postgres reads no year of six digits.
  if (isMoment && moment.getTime() >= 0) return moment
  context.addIssue({
    code: 'custom',
    message:
      'expected a date such as 2026-07-21, a time with its zone such as 2026-07-21T16:03:00Z, or an age such as 24h or 7d',
  })
  return z.NEVER
})

/** Date lets the days of a short month run over into the next one; written out again, they differ. */
function isDay(text: string): boolean {
  const day = new Date(text)
  return !Number.isNaN(day.getTime()) && day.toISOString().startsWith(text)
}

/** The id of an event. */
export const eventIdInput = uuidInput('expected the id of an event, a UUID')

/** An id of ours. */
export function uuidInput(message: string) {
  return z
    .string()
    .regex(/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i, message)
    .transform((text) => text.toLowerCase())
}

/** The one argument of a command about one event. */
export const oneEventInput = z.tuple([eventIdInput], 'expected the id of one event')

/** The id of a run. */
export const runIdInput = uuidInput('expected the id of a run, a UUID')

/** The one argument of a command about one run. */
export const oneRunInput = z.tuple([runIdInput], 'expected the id of one run')

/** A whole number that must be given. */
export const numberInput = z
  .string('expected a whole number')
  .regex(/^\d{1,9}$/, 'expected a whole number')
  .transform(Number)

/** How many of a list. */
export const limitInput = z
  .string()
  .regex(/^\d{1,4}$/, 'expected a whole number from 1 to 1000')
  .transform(Number)
  .refine((limit) => limit >= 1 && limit <= 1000, 'expected a whole number from 1 to 1000')
  .default(50)

/** Words of a closed set, separated by commas. */
export function wordsInput<const Word extends string>(words: readonly Word[]) {
  const message = `expected one or more of ${words.join(', ')}`
  return z
    .string()
    .transform((text) => text.split(',').map((word) => word.trim()))
    .pipe(z.array(z.enum(words as [Word, ...Word[]], message)))
}

const strangeCursor = 'expected the cursor that the page before gave'

/** Where a list goes on, as the page before gave it. */
export const cursorInput = z.string().transform((text, context) => {
  const [at, id, ...rest] = Buffer.from(text, 'base64url').toString().split('|')
  if (at !== undefined && id !== undefined && rest.length === 0 && postgresTime.test(at)) {
    const entry = eventIdInput.safeParse(id)
    if (entry.success) return { at, id: entry.data }
  }
  context.addIssue({ code: 'custom', message: strangeCursor })
  return z.NEVER
})

/** The same of a list whose entries are numbered. */
export const numberCursorInput = z
  .string()
  .transform((text) => Buffer.from(text, 'base64url').toString())
  .pipe(z.string().regex(/^\d{1,18}$/, strangeCursor))

/** As Postgres prints it in UTC. */
const postgresTime = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{1,6})?\+00$/

/** Makes the cursor after what has this time, as Postgres prints it, and this id. */
export function cursorAfter(at: string, id: string): string {
  return Buffer.from(`${at}|${id}`).toString('base64url')
}

/** Makes the cursor after the entry of this number. */
export function cursorAfterNumber(number: string): string {
  return Buffer.from(number).toString('base64url')
}

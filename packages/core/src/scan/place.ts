import { z } from 'zod'
import { readInstant, writeInstant, type Instant } from '../sync/instant.ts'

/** Where a whole walk stands. */
export interface Place {
  /** The page to read next. */
  readonly page: number
  /** The database's time just before the first page of the walk was asked for: its watermark counts from there. */
  readonly firstSentAt: Instant
}

const placeSchema = z.object({ page: z.int().min(1), firstSentAt: z.string() })

/** Writes a place as JSON text, for the run's row. */
export function placeText(page: number, firstSentAt: Instant): string {
  return JSON.stringify({ page, firstSentAt: writeInstant(firstSentAt) })
}

/**
 * Reads a place. A walk goes on one page before it: what was deleted meanwhile has moved the later rows forward.
 * @throws ZodError for a text that this program did not write.
 */
export function placeOf(text: string): Place {
  const { page, firstSentAt } = placeSchema.parse(JSON.parse(text))
  return { page: Math.max(1, page - 1), firstSentAt: readInstant(firstSentAt.replace('T', ' ')) }
}

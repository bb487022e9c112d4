import { z } from 'zod'
import type { LetterTakenOut } from '@tds/core'
import { bodyData, bodySchema } from '../commands/event-data.ts'
import { letterData, letterSchema } from './letter-data.ts'

/** A dead letter as it is exported: what does not change by waiting, so that the same letters have the same hash. */
export const exportedSchema = letterSchema.omit({ staleness: true, ageSeconds: true }).extend({
  type: z.literal('dead_letter'),
  eventIds: z.array(z.string()),
  /** Null without --raw. */
  body: bodySchema.nullable(),
})

/** Makes a letter ready for export. */
export function exportedLetter(letter: LetterTakenOut): z.output<typeof exportedSchema> {
  const { staleness: _staleness, ageSeconds: _age, ...data } = letterData(letter, undefined)
  const { raw_body: bytes = null, event_ids: eventIds } = letter
  const body = bytes === null ? null : bodyData(bytes)
  return { type: 'dead_letter', ...data, eventIds: [...eventIds], body }
}

/** One line of NDJSON in which nothing steers a terminal: what would is written as its JSON escape, which means the same. */
export function exportLine(value: object): string {
  return JSON.stringify(value).replace(
    /[\p{Cc}\u2028\u2029\u202A-\u202E\u2066-\u2069]/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

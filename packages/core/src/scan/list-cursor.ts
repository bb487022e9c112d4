import { z } from 'zod'
import type { SyncCursor } from '@tds/db'
import { readInstant, type Instant } from '../sync/instant.ts'

/** What a cursor knows of whether its list leaves out what is older than the time it is asked for. */
export interface FilterKnown {
  readonly honoured: boolean
  /** Null where it was never asked. */
  readonly provedAt: Instant | null
}

const filterSchema = z.object({ honoured: z.boolean(), provedAt: z.string() })

/** Reads what is known of a list's filter; what is no such note is no knowledge. */
export function filterKnown(cursor: SyncCursor | null): FilterKnown {
  const metadata = cursor === null ? {} : (JSON.parse(cursor.sync_metadata) as Record<string, unknown>)
  const { success, data } = filterSchema.safeParse(metadata['filter'])
  if (!success) return { honoured: false, provedAt: null }
  return { honoured: data.honoured, provedAt: Date.parse(data.provedAt) * 1000 }
}

/** The note of what was found out about a list's filter, for the cursor's metadata. */
export function filterNote(honoured: boolean, provedAt: Instant): Record<string, unknown> {
  return { filter: { honoured, provedAt: new Date(Math.floor(provedAt / 1000)).toISOString() } }
}

/** Whether a list is known, or not yet known not, to leave out what is older than a time. */
export function tellsChanges(cursor: SyncCursor | null): boolean {
  const { honoured, provedAt } = filterKnown(cursor)
  return honoured || provedAt === null
}

/** Everything that was changed before it has been seen; null where the list was never read whole. */
export function watermarkOf(cursor: SyncCursor | null): Instant | null {
  const text = cursor?.last_entity_version ?? null
  return text === null ? null : readInstant(text)
}

import { hastenHeldReads } from '@tds/db'
import { sendReads } from './ask-for-reads.ts'
import type { ReadingParts } from './reading.ts'

/** Reads of one pass; the next one follows at once where there are more. */
const readsPerPass = 1000

/**
 * Lets go on what waits for the next day's calls although this day has calls again: somebody bought calls or raised the
 * limit, and events would wait for hours without need.
 */
export async function hastenReads(
  { db, queue }: Pick<ReadingParts, 'db' | 'queue'>,
  o: { readonly perDay: number | null },
): Promise<{ readonly hastened: number; readonly more: number }> {
  return db.transaction(async (tx) => {
    const reads = await hastenHeldReads(tx, { ...o, limit: readsPerPass })
    await sendReads(queue, tx, reads)
    return { hastened: reads.length, more: reads.length === readsPerPass ? 1 : 0 }
  })
}

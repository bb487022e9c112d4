import { blowFuse, holdLivingDeletions, lockFuse, oweHeldReads, type Database, type FuseKey } from '@tds/db'
import type { Queue } from '@tds/queue'
import { askForReads } from '../sync/ask-for-reads.ts'
import { writeInstant, type Instant } from '../sync/instant.ts'
import { deletionsLeft, type TypeOfOrganization } from './deletion-allowance.ts'
import { tellBlown } from './deletion-fuse.ts'
import { heldWhy } from './held-why.ts'

/** Living records of a type that a complete list did not have. */
export interface MissingRecords extends TypeOfOrganization {
  readonly zohoIds: readonly string[]
  /** When the list was asked for: what was seen since is not missing. */
  readonly lookedAt: Instant
}

/** What became of them. */
export interface MissingOutcome {
  /** Reads owed: each decides by itself. */
  readonly owed: number
  /** Deletions held because there are more than may be done within this hour; then the run is partial. */
  readonly held: number
}

/**
 * Owes a read to each record that a complete list did not have, because only the source's word about a record makes a
 * tombstone. More than the fuse allows are not asked for at all: all of them are held, the fuse blows, and once a person has
 * released them each is read. So a list that lies costs no calls, and the number to be released is the number missing.
 */
export async function missRecords(
  parts: { readonly db: Database; readonly queue: Pick<Queue, 'send'> },
  { organizationId, entity, zohoIds, lookedAt }: MissingRecords,
): Promise<MissingOutcome> {
  if (zohoIds.length === 0) return { owed: 0, held: 0 }
  const type: FuseKey = { organizationId, entityType: entity.type }
  const keys = (ids: readonly string[]) => ids.map((zohoId) => ({ ...type, zohoId }))
  const done = await parts.db.transaction(async (tx) => {
    const fuse = await lockFuse(tx, type)
    if (zohoIds.length <= (await deletionsLeft(tx, { organizationId, entity }))) {
      const wish = { reason: 'reconciliation', eventId: null, delaySeconds: 0 } as const
      await askForReads(
        parts.queue,
        tx,
        keys(zohoIds).map((key) => ({ ...key, ...wish })),
      )
      return { owed: zohoIds.length, held: 0, blew: false }
    }
    const looked = writeInstant(lookedAt)
    const held = await holdLivingDeletions(tx, entity, {
      ...type,
      zohoIds,
      cause: 'reconciliation',
      lookedAt: looked,
    })
    if (held.length === 0) return { owed: 0, held: 0, blew: false }
    await oweHeldReads(tx, keys(held), { reason: 'reconciliation', eventId: null, why: heldWhy })
    const blew = fuse.state === 'closed'
    if (blew) await blowFuse(tx, type)
    return { owed: 0, held: held.length, blew }
  })
  if (done.blew) tellBlown(type)
  return { owed: done.owed, held: done.held }
}

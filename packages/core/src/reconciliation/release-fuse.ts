import {
  closeFuse,
  countHeldDeletions,
  insertOperatorActions,
  letHeldReads,
  lockFuse,
  releaseHeldDeletions,
  transactOrRehearse,
  type Database,
  type FuseKey,
} from '@tds/db'
import type { Queue } from '@tds/queue'
import { TdsError } from '@tds/runtime'
import type { OperatorRequest } from '../quarantine/operator-work.ts'
import { sendReads } from '../sync/ask-for-reads.ts'

/** Which fuse, and what whoever releases it has looked at. */
export interface FuseRelease extends FuseKey {
  /** How many deletions are held, as it was seen: with another number nothing is released. */
  readonly expectedCount: number
}

/** What a release did. */
export interface FuseReleased {
  readonly released: number
  /** Since when the fuse was blown. */
  readonly blownAt: string | null
}

/**
 * Releases exactly the deletions that a blown fuse holds, in the number that a person has looked at, and closes it. Nothing is
 * deleted by that: each record is read again at once, and only one that the source still does not have becomes a tombstone.
 *
 * @throws TdsError `fuse_not_blown`, and `fuse_count_differs` where another number is held than was expected.
 */
export async function releaseFuse(
  parts: { readonly db: Database; readonly queue: Pick<Queue, 'send'> },
  { expectedCount, ...type }: FuseRelease,
  request: OperatorRequest & { readonly reason: string },
): Promise<FuseReleased> {
  return transactOrRehearse(parts.db, request, async (tx) => {
    const { state, blown_at: blownAt } = await lockFuse(tx, type)
    if (state !== 'blown') throw notBlown(type)
    const held = await countHeldDeletions(tx, type)
    if (held !== expectedCount) throw countDiffers(type, { held, expectedCount })
    const zohoIds = await releaseHeldDeletions(tx, type)
    await sendReads(parts.queue, tx, await letHeldReads(tx, type, zohoIds))
    const { actor, reason, via } = request
    await closeFuse(tx, type, { by: actor, reason, count: zohoIds.length })
    await insertOperatorActions(tx, [
      {
        actor,
        reason,
        action: 'fuse.release',
        subject: `${type.entityType} ${type.organizationId}`,
        facts: { released: zohoIds.length, blownAt, via },
      },
    ])
    return { released: zohoIds.length, blownAt }
  })
}

function notBlown({ entityType }: FuseKey): TdsError {
  return new TdsError(`The deletion fuse of ${entityType} is not blown: nothing is held`, {
    code: 'fuse_not_blown',
    disposition: 'reject',
    nextStep: 'Look at all fuses with tds fuse show; somebody else may have released this one.',
    facts: { entityType },
  })
}

function countDiffers(
  { entityType }: FuseKey,
  { held, expectedCount }: { readonly held: number; readonly expectedCount: number },
): TdsError {
  return new TdsError(
    `${String(held)} deletions of ${entityType} are held, not ${String(expectedCount)}: nothing was released`,
    {
      code: 'fuse_count_differs',
      disposition: 'reject',
      nextStep:
        'Look at what is held now with tds fuse show and the type, compare it with Zoho, then release that number.',
      facts: { entityType, held, expectedCount },
    },
  )
}

import {
  blowFuse,
  countDeletion,
  dropHeldDeletion,
  findHeldDeletion,
  holdDeletion,
  lockFuse,
  type FuseKey,
  type Transaction,
} from '@tds/db'
import { childLogger, counter } from '@tds/runtime'
import type { RecordChange } from '../sync/apply-changes.ts'
import { databaseNow } from '../sync/database-now.ts'
import { decide } from '../sync/decide.ts'
import { readInstant, writeInstant } from '../sync/instant.ts'
import { keyText, lockStates } from '../sync/stored-states.ts'
import { mayDeleteOne } from './deletion-allowance.ts'

const log = childLogger('core:deletion-fuse')
const blows = counter({
  name: 'tds_deletion_fuse_blown_total',
  help: 'Times that this process blew the fuse over deletions, by type: so many were to be deleted within an hour that the rest is held.',
  labelNames: ['entity'],
})

/**
 * What the fuse says to an answer "not there": `passes` where it deletes nothing or may, `held` where a person must release
 * it, `read-again` where a person has, after the source was asked.
 */
export type FuseVerdict =
  | { readonly kind: 'passes' }
  | { readonly kind: 'held'; /** This one blew it. */ readonly blew: boolean }
  | { readonly kind: 'read-again' }

const passes: FuseVerdict = { kind: 'passes' }

/**
 * Asks the fuse whether an answer "not there" may do what it would, counts it if so, and notes it as held if not. Only what
 * would make a tombstone of a living row counts. Holds the fuse of the type and the row until the transaction ends, so that
 * of two workers the second counts what the first has done.
 */
export async function askFuse(tx: Transaction, change: RecordChange): Promise<FuseVerdict> {
  const { entity, organizationId, zohoId } = change
  const type: FuseKey = { organizationId, entityType: entity.type }
  const key = { ...type, zohoId }
  const fuse = await lockFuse(tx, type)
  const state = (await lockStates(tx, entity, [change])).get(keyText(change)) ?? null
  const { outcome } = decide(state, change, await databaseNow(tx))
  if (outcome === 'stale') return passes
  const held = await findHeldDeletion(tx, key)
  const released = held?.released_at ?? null
  if (outcome !== 'deleted' || state === null || released !== null) {
    if (released !== null && change.lookedAt <= readInstant(released)) return { kind: 'read-again' }
    if (held !== null) await dropHeldDeletion(tx, key)
    return passes
  }
  const isBlown = fuse.state === 'blown'
  if (!isBlown && (await mayDeleteOne(tx, change))) {
    await countDeletion(tx, type)
    return passes
  }
  if (!isBlown) await blowFuse(tx, type)
  await holdDeletion(tx, key, { cause: change.cause, lookedAt: writeInstant(change.lookedAt) })
  return { kind: 'held', blew: !isBlown }
}

/** Tells, once for each time and only after it was committed, that a fuse has blown. */
export function tellBlown({ organizationId, entityType }: FuseKey): void {
  blows.inc({ entity: entityType })
  log.warn('The deletion fuse has blown: deletions are held until a person releases them', {
    organizationId,
    entityType,
    nextStep: `tds fuse show ${entityType}, compare with Zoho, then tds fuse release ${entityType}`,
  })
}

import { noteSignsOfLife, type SignOfLife, type Transaction } from '@tds/db'
import type { Decision, IncomingChange } from '../sync/change.ts'
import { writeInstant, type Instant } from '../sync/instant.ts'
import type { TypeOfOrganization } from './deletion-allowance.ts'

/** A change, and what was decided of it. */
export interface DecidedChange {
  readonly change: IncomingChange & { readonly organizationId: string; readonly zohoId: string }
  readonly result: { readonly decision: Decision }
}

/**
 * Notes that records showed signs of life, so that the fuse holds their deletions no longer. What a read or a list has lives.
 * A webhook proves it with news that were applied; with others it is a reason to read the record again.
 */
export async function noteLiving(
  tx: Transaction,
  entityType: string,
  done: readonly DecidedChange[],
): Promise<void> {
  const signs = new Map<string, SignOfLife & { readonly at: number }>()
  for (const decided of done) {
    const proves = provesLife(decided)
    if (proves === null) continue
    const { organizationId, zohoId, lookedAt } = decided.change
    const key = JSON.stringify([organizationId, zohoId])
    const known = signs.get(key)
    const isWeaker = known?.proves === true && !proves
    const isEarlier = known?.proves === proves && known.at >= lookedAt
    if (isWeaker || isEarlier) continue
    signs.set(key, { organizationId, zohoId, lookedAt: writeInstant(lookedAt), proves, at: lookedAt })
  }
  await noteSignsOfLife(tx, entityType, [...signs.values()])
}

/**
 * Notes that a list had these records, where they are compared and not applied: for runs that touch only what differs. What
 * is applied is noted by itself.
 */
export async function noteListed(
  tx: Transaction,
  listed: TypeOfOrganization & { readonly zohoIds: readonly string[]; readonly lookedAt: Instant },
): Promise<void> {
  const { organizationId, entity, zohoIds } = listed
  const sign = { organizationId, lookedAt: writeInstant(listed.lookedAt), proves: true }
  await noteSignsOfLife(
    tx,
    entity.type,
    [...new Set(zohoIds)].map((zohoId) => ({ ...sign, zohoId })),
  )
}

/** Null where nothing was said of a record that lives. */
function provesLife({ change, result }: DecidedChange): boolean | null {
  const { says, origin } = change
  const { decision } = result
  if (says.kind !== 'content' || origin === 'stored' || origin === 'scan') return null
  if (origin !== 'webhook') return true
  if (decision.outcome === 'reread') return false
  if (decision.outcome === 'stale') return null
  return decision.outcome !== 'unchanged' || decision.advances ? true : null
}

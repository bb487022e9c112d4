import type { FirstSight, SightPath } from '@tds/db'
import type { EntityDefinition } from '../entities/define-entity.ts'
import type { ChangeCause, IncomingChange } from '../sync/change.ts'
import { writeInstant } from '../sync/instant.ts'
import type { RecordState } from '../sync/record-state.ts'

/** A change as far as it tells whose version was seen, and by which path. */
export interface SeenChange extends Pick<IncomingChange, 'origin' | 'cause'> {
  readonly entity: EntityDefinition
  readonly organizationId: string
  readonly zohoId: string
}

/**
 * Tells whether a change showed the mirror a version that no webhook had brought before. A first load is no such sight,
 * because what it brings is old, nor are replays and corrections, which bring nothing of the source's that is new.
 */
export function firstSightOf(
  change: SeenChange,
  before: RecordState | null,
  after: RecordState | null,
): FirstSight | null {
  const path = pathsByCause[change.cause]
  if (path === undefined || change.origin === 'webhook' || !change.entity.source.webhooks) return null
  const version = after?.version ?? null
  if (version === null || version <= (before?.version ?? -Infinity)) return null
  return {
    organization_id: change.organizationId,
    entity_type: change.entity.type,
    zoho_id: change.zohoId,
    version: writeInstant(version),
    seen_by: path,
  }
}

const pathsByCause: Readonly<Partial<Record<ChangeCause, SightPath>>> = {
  webhook: 'reread',
  incremental: 'incremental',
  reconciliation: 'reconciliation',
  drift: 'ripple',
  manual: 'manual',
}

import type { LockedEvent } from '@tds/db'
import { TdsError } from '@tds/runtime'
import type { EntityDefinition } from '../entities/define-entity.ts'
import { entityOf } from '../entities/index.ts'
import { mapRecord } from '../entities/map-record.ts'
import type { RecordChange } from '../sync/apply-changes.ts'
import type { ChangeCause } from '../sync/change.ts'
import { readInstant } from '../sync/instant.ts'
import { recordOf } from './record-of.ts'

/**
 * Turns an inbox event into the change that it claims. Throws UnreadableValue for content that cannot be read exactly
 * and TdsError `unknown_entity` where this build does not know the type.
 */
export function changeOfEvent(event: LockedEvent): RecordChange {
  const entity = entityOfEvent(event)
  const held =
    event.operation_type === 'delete' || event.payload === null ? null : recordOf(entity, event.payload)
  return {
    entity,
    organizationId: event.organization_id,
    zohoId: event.source_entity_id ?? '',
    origin: 'webhook',
    says:
      held === null
        ? { kind: 'deleted' }
        : { kind: 'content', record: mapRecord(entity, held.record, 'webhook') },
    payloadKey: held?.key ?? null,
    cause: causeOf(event),
    lookedAt: readInstant(event.received_at),
    eventId: event.id,
    runId: event.sync_run_id,
    actor: 'worker',
    reason: null,
    requestId: event.request_id,
  }
}

/** Why the changes of an event came: a replayed one says so, others by their source. */
export function causeOf(event: LockedEvent): ChangeCause {
  if (event.replay_of !== null) return 'replay'
  return causes[event.source_type] ?? 'webhook'
}

const causes: Readonly<Record<string, ChangeCause>> = {
  zoho: 'webhook',
  manual: 'manual',
  scheduled: 'incremental',
  reconciliation: 'reconciliation',
}

function entityOfEvent(event: LockedEvent): EntityDefinition {
  const entity = entityOf(event.entity_type)
  if (entity !== undefined) return entity
  throw new TdsError(`This build does not know the type ${event.entity_type}`, {
    code: 'unknown_entity',
    disposition: 'reject',
    nextStep: 'Deploy the version that knows the type, then replay the dead letter.',
  })
}

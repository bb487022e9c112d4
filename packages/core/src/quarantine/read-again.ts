import type { StoredDelivery } from '@tds/db'
import type { EntityDefinition } from '../entities/define-entity.ts'
import { entityOf } from '../entities/index.ts'
import type { Understood } from '../inbox/incoming-event.ts'

/** A delivery as it is handed to whoever knows the forms of Zoho's bodies. */
export interface DeliveryToRead {
  readonly entity: EntityDefinition
  readonly action: 'created' | 'updated' | 'deleted' | null
  readonly organizationId: string
  readonly contentType: string | undefined
  readonly contentEncoding: string | undefined
  readonly rawBody: Buffer
  readonly now: Date
}

/** What was understood of a delivery. */
export interface UsableReading extends Understood {
  readonly usable: true
}

/** Why a delivery cannot be used. */
export interface UnusableReading {
  readonly usable: false
  readonly reason: string
  readonly detail: string
}

/** What was understood of a delivery, or why it cannot be used. */
export type DeliveryReading = UsableReading | UnusableReading

/** Reads deliveries as the intake does; the layer above this one has it. */
export type ReadDelivery = (delivery: DeliveryToRead) => DeliveryReading

/** Flag of a delivery whose address named an organisation that is no id: the name itself is not kept. */
export const organizationUnclear = 'organization_unclear'

/** What reading a stored delivery again needs. */
export interface ReadingAgain {
  readonly read: ReadDelivery
  /** The organisation that this installation copies. */
  readonly organizationId: string
  readonly now: Date
}

/**
 * Reads a quarantined delivery as the intake would today: with this build, this configuration and the present time. What
 * only a person can know is not guessed.
 */
export function readAgain(
  event: StoredDelivery,
  { read, organizationId, now }: ReadingAgain,
): DeliveryReading {
  const entity = entityOf(event.entity_type)
  if (entity === undefined) return unknownType(event.entity_type)
  if (event.organization_id !== organizationId) return foreign(event.organization_id, organizationId)
  const headers = JSON.parse(event.headers) as Record<string, string | undefined>
  const reading = read({
    entity,
    action: actionOf(event.operation_type),
    organizationId,
    contentType: headers['content-type'],
    contentEncoding: headers['content-encoding'],
    rawBody: event.raw_body,
    now,
  })
  return reading.usable && event.flags.includes(organizationUnclear) ? addressUnclear() : reading
}

/** The last segment of the address that brings this operation about; none for an upsert. */
export function actionOf(operation: string): DeliveryToRead['action'] {
  return actions[operation] ?? null
}

const actions: Readonly<Record<string, DeliveryToRead['action']>> = {
  create: 'created',
  update: 'updated',
  delete: 'deleted',
}

/** Why a delivery of a type that this build lacks waits on. */
export function unknownType(type: string): UnusableReading {
  return {
    usable: false,
    reason: 'unsupported',
    detail: `This build does not know the type ${type}; deploy the one that does, or correct the type.`,
  }
}

function foreign(named: string, ours: string): UnusableReading {
  return {
    usable: false,
    reason: 'organization',
    detail: `The delivery is for organisation ${named}, and this installation copies ${ours}; correct ZOHO_ORGANIZATION_ID, or correct the event.`,
  }
}

function addressUnclear(): UnusableReading {
  return {
    usable: false,
    reason: 'organization',
    detail: 'The address named an organisation that is none; if the record is ours, correct the event.',
  }
}

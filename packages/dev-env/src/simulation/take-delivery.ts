import {
  entityOf,
  eventId,
  idempotencyKey,
  type EntityDefinition,
  type IncomingEvent,
  type Intake,
  type IntakeAnswer,
} from '@tds/core'
import { readDelivery } from '@tds/zoho'
import type { Delivery } from '@tds/zoho-simulator'

/** Hands a webhook of the simulator to the intake as the api does once it is found authentic. Throws RangeError for one that cannot be used: the simulator makes none. */
export function takeDelivery(
  intake: Intake,
  delivery: Delivery,
  { organizationId, now }: { readonly organizationId: string; readonly now: Date },
): Promise<IntakeAnswer> {
  return intake.accept(eventOf(delivery, { organizationId, now }))
}

function eventOf(
  { type, action, headers, body }: Delivery,
  { organizationId, now }: { readonly organizationId: string; readonly now: Date },
): IncomingEvent {
  const entity = definitionOf(type)
  const read = readDelivery({
    entity,
    action,
    organizationId,
    contentType: headers['Content-Type'],
    contentEncoding: undefined,
    rawBody: body,
    now,
  })
  if (!read.usable) throw new RangeError(`a webhook of the simulator cannot be used: ${read.detail}`)
  const { key, foldKey } = idempotencyKey({
    organizationId,
    entityType: type,
    zohoId: read.sourceEntityId,
    operation: read.operation,
    sourceVersion: read.sourceVersion,
    contentHash: read.contentHash,
  })
  return {
    id: eventId(key),
    organizationId,
    sourceType: 'zoho',
    entityType: type,
    sourceEntityId: read.sourceEntityId,
    operation: read.operation,
    idempotencyKey: key,
    foldKey,
    contentHash: read.contentHash,
    sourceVersion: read.sourceVersion,
    rawBody: body,
    payload: read.payloadText,
    headers: {},
    remoteAddress: null,
    signatureVerified: true,
    status: 'pending',
    errorCode: null,
    errorMessage: null,
    flags: read.flags,
    requestId: null,
  }
}

function definitionOf(type: string): EntityDefinition {
  const entity = entityOf(type)
  if (entity === undefined) throw new RangeError(`There is no type ${type}`)
  return entity
}

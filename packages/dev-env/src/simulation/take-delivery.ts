import {
  entityOf,
  usableEvent,
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
  return usableEvent(
    {
      organizationId,
      sourceType: 'zoho',
      entityType: type,
      rawBody: body,
      headers: {},
      remoteAddress: null,
      signatureVerified: true,
      requestId: null,
    },
    read,
  )
}

function definitionOf(type: string): EntityDefinition {
  const entity = entityOf(type)
  if (entity === undefined) throw new RangeError(`There is no type ${type}`)
  return entity
}

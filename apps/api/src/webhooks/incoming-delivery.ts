import type { IncomingHttpHeaders } from 'node:http'
import {
  eventId,
  organizationUnclear,
  sha256Hex,
  unstorableReason,
  unusableKey,
  usableEvent,
  type IncomingEvent,
} from '@tds/core'
import { readDelivery, type QuarantineReason } from '@tds/zoho'
import type { Sender } from '../http/sender.ts'
import { storedHeaders } from './stored-headers.ts'
import type { WebhookRoute } from './webhook-routes.ts'

/** An authentic delivery, with all that is known of it. */
export interface AuthenticDelivery {
  readonly route: WebhookRoute
  readonly headers: IncomingHttpHeaders
  readonly query: readonly (readonly [string, string])[]
  readonly rawBody: Buffer
  readonly sender: Sender
  readonly authenticatedBy: 'signature' | 'key'
}

/** What decides about a delivery besides itself. */
export interface Surroundings {
  /** The organisation that this installation copies. */
  readonly organizationId: string
  /** The database's time, against which a version from the future is judged. */
  readonly now: Date
}

/** Makes of an authentic delivery the event that is stored: pending, or quarantined with the reason. */
export function incomingDelivery(
  delivery: AuthenticDelivery,
  { organizationId, now }: Surroundings,
): IncomingEvent {
  const named = namedOrganization(delivery) ?? organizationId
  if (named !== organizationId) return foreignEvent(delivery, { named, organizationId })
  const { entity, action } = delivery.route
  const read = readDelivery({
    entity,
    action,
    organizationId,
    contentType: delivery.headers['content-type'],
    contentEncoding: delivery.headers['content-encoding'],
    rawBody: delivery.rawBody,
    now,
  })
  if (!read.usable) return quarantinedEvent(delivery, { ...read, organizationId })
  return usableEvent({ ...commonParts(delivery), organizationId }, read)
}

/** The event of a delivery that a mistake of ours kept from being read: its bytes, for a person. */
export function unreadDelivery(
  delivery: AuthenticDelivery,
  { organizationId }: Pick<Surroundings, 'organizationId'>,
): IncomingEvent {
  const detail = 'A mistake of ours kept the delivery from being read; drive it again with the next version.'
  return quarantinedEvent(delivery, { organizationId, reason: unstorableReason, detail })
}

/** The query is part of the signed text; headers are not, so that a header only counts beside a key. */
function namedOrganization({ query, headers, authenticatedBy }: AuthenticDelivery): string | null {
  const pair = query.find(([name]) => name === 'organization_id')
  if (pair !== undefined) return pair[1]
  const header = headers['x-zoho-organization-id']
  return authenticatedBy === 'key' && typeof header === 'string' ? header : null
}

function foreignEvent(
  delivery: AuthenticDelivery,
  { named, organizationId }: { readonly named: string; readonly organizationId: string },
): IncomingEvent {
  // What is no organization id at all is kept under ours: the column is for ids.
  const isId = /^\d{1,30}$/.test(named)
  return quarantinedEvent(delivery, {
    organizationId: isId ? named : organizationId,
    reason: 'organization',
    detail: isId
      ? `The delivery is for organisation ${named}, and this installation copies ${organizationId}; correct organization_id in the webhook, or ZOHO_ORGANIZATION_ID.`
      : 'The organisation named is no id of Zoho; correct organization_id in the webhook.',
    flags: isId ? [] : [organizationUnclear],
  })
}

interface Quarantine {
  readonly organizationId: string
  readonly reason: QuarantineReason | typeof unstorableReason
  readonly detail: string
  readonly flags?: readonly string[]
}

function quarantinedEvent(
  delivery: AuthenticDelivery,
  { organizationId, reason, detail, flags = [] }: Quarantine,
): IncomingEvent {
  const { rawBody, route } = delivery
  const key = unusableKey({ organizationId, rawBody })
  return {
    ...commonParts(delivery),
    id: eventId(key),
    organizationId,
    sourceEntityId: null,
    operation: route.action === null ? 'upsert' : operations[route.action],
    idempotencyKey: key,
    foldKey: null,
    contentHash: sha256Hex(rawBody),
    sourceVersion: null,
    payload: null,
    status: 'quarantined',
    errorCode: reason,
    errorMessage: detail,
    flags,
  }
}

const operations = { created: 'create', updated: 'update', deleted: 'delete' } as const

function commonParts({ route, rawBody, headers, sender, authenticatedBy }: AuthenticDelivery) {
  return {
    sourceType: 'zoho',
    entityType: route.entity.type,
    rawBody,
    headers: storedHeaders(headers),
    remoteAddress: sender.address,
    signatureVerified: authenticatedBy === 'signature',
    requestId: sender.requestId,
  } as const
}

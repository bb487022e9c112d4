import { eventId, type IncomingEvent } from '@tds/core'

/** A product's webhook as an event; the same number is the same delivery. */
export function spooledEvent(number: number): IncomingEvent {
  const zohoId = String(460_122_000_000_101_000n + BigInt(number))
  const body = JSON.stringify({ item: { item_id: zohoId, name: `Product ${String(number)}` } })
  const sourceVersion = new Date(Date.UTC(2026, 6, 21) + number * 1000)
  const idempotencyKey = `790412365:product:${zohoId}:upsert:${sourceVersion.toISOString()}:${String(number)}`
  return {
    id: eventId(idempotencyKey),
    organizationId: '790412365',
    sourceType: 'zoho',
    entityType: 'product',
    sourceEntityId: zohoId,
    operation: 'upsert',
    idempotencyKey,
    foldKey: null,
    contentHash: String(number),
    sourceVersion,
    rawBody: Buffer.from(body),
    payload: body,
    headers: { host: 'test', 'x-webhook-key': '[masked]' },
    remoteAddress: '192.0.2.7',
    signatureVerified: true,
    status: 'pending',
    errorCode: null,
    errorMessage: null,
    flags: [],
    requestId: `request-${String(number)}`,
  }
}

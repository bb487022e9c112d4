import { randomUUID } from 'node:crypto'
import { insertInboxEvents, markReplay, type StoredDelivery, type Transaction } from '@tds/db'
import { TdsError } from '@tds/runtime'
import type { EntityDefinition } from '../entities/define-entity.ts'
import { entityOf } from '../entities/index.ts'
import { carryEvents } from '../inbox/carry-events.ts'
import type { Operation } from '../inbox/idempotency-key.ts'
import { usableEvent } from '../inbox/incoming-event.ts'
import { actionOf, unknownType, type UnusableReading, type UsableReading } from './read-again.ts'
import type { RedriveParts } from './redrive.ts'

/** What a person says about a delivery that cannot be used; what is left out stays as it came. */
export interface Correction {
  readonly entityType?: string | undefined
  readonly operation?: Operation | undefined
  /** Without a payload: the record is read from Zoho, and nothing of the body is used. */
  readonly zohoId?: string | undefined
  /** JSON in the form that a webhook has. */
  readonly payload?: Buffer | undefined
}

/** The event that stands for the corrected delivery, or would. */
export interface CorrectionResult {
  readonly eventId: string
  readonly corrected: string
  readonly entityType: string
  readonly sourceEntityId: string
  readonly operation: string
  readonly sourceVersion: string | null
  /** The body says nothing of the record: the worker asks Zoho for it. */
  readonly asksZoho: boolean
}

/** A delivery as it was corrected, and what was understood of it. */
export interface Corrected {
  readonly entity: EntityDefinition
  readonly body: Body
  readonly reading: UsableReading
  readonly asksZoho: boolean
}

/** What a correction needs to know of the delivery that it corrects. */
export type OriginalDelivery = Pick<
  StoredDelivery,
  'id' | 'entity_type' | 'operation_type' | 'headers' | 'raw_body'
>

/**
 * Reads a delivery as corrected.
 *
 * @throws TdsError `correction_unusable` with what is still wrong.
 */
export function readCorrection(
  { read: readDelivery, organizationId }: RedriveParts,
  original: OriginalDelivery,
  { correction, now }: { readonly correction: Correction; readonly now: Date },
): Corrected {
  const type = correction.entityType ?? original.entity_type
  const entity = entityOf(type)
  if (entity === undefined) throw refused(unknownType(type))
  const operation = correction.operation ?? original.operation_type
  const asksZoho = correction.payload === undefined && correction.zohoId !== undefined
  const body = bodyOf(original, { ...correction, entityType: type, operation })
  const reading = readDelivery({ entity, action: actionOf(operation), organizationId, now, ...body })
  if (!reading.usable) throw refused(reading)
  if (correction.zohoId !== undefined && reading.sourceEntityId !== correction.zohoId) {
    throw unusable('unsupported', 'The payload names another id than the one given beside it.')
  }
  return { entity, reading, body, asksZoho }
}

interface Body {
  readonly rawBody: Buffer
  readonly contentType: string | undefined
  readonly contentEncoding: string | undefined
}

function bodyOf(
  original: OriginalDelivery,
  correction: Omit<Correction, 'operation'> & { readonly operation: string },
): Body {
  const { payload, zohoId, entityType, operation } = correction
  const json = { contentType: 'application/json', contentEncoding: undefined }
  if (payload !== undefined) return { rawBody: payload, ...json }
  if (zohoId !== undefined) {
    return {
      rawBody: Buffer.from(JSON.stringify({ entity: entityType, event: operation, id: zohoId })),
      ...json,
    }
  }
  const headers = JSON.parse(original.headers) as Record<string, string | undefined>
  return {
    rawBody: original.raw_body,
    contentType: headers['content-type'],
    contentEncoding: headers['content-encoding'],
  }
}

/** Puts the corrected delivery into the inbox as an event of its own that names its original, with its job. */
export async function insertCorrected(
  { queue, mover, organizationId }: RedriveParts,
  tx: Transaction,
  { original, corrected }: { readonly original: OriginalDelivery; readonly corrected: Corrected },
): Promise<CorrectionResult> {
  const { entity, reading, body, asksZoho } = corrected
  // Every correction is an event of its own, also where the same was said before.
  const event = usableEvent(
    {
      organizationId,
      sourceType: 'manual',
      entityType: entity.type,
      rawBody: body.rawBody,
      headers: body.contentType === undefined ? {} : { 'content-type': body.contentType },
      remoteAddress: null,
      signatureVerified: false,
      requestId: null,
    },
    reading,
    randomUUID(),
  )
  const { id } = event
  await insertInboxEvents(tx, [{ ...event, duplicates: 0 }], mover)
  await markReplay(tx, id, original.id)
  await carryEvents(queue, tx, { eventIds: [id] })
  return {
    eventId: id,
    corrected: original.id,
    entityType: entity.type,
    sourceEntityId: reading.sourceEntityId,
    operation: reading.operation,
    sourceVersion: reading.sourceVersion?.toISOString() ?? null,
    asksZoho,
  }
}

function refused({ reason, detail }: UnusableReading): TdsError {
  return unusable(reason, detail)
}

/** The correction cannot be used either. */
export function unusable(reason: string, detail: string): TdsError {
  return new TdsError(`The correction cannot be used (${reason}): ${detail}`, {
    code: 'correction_unusable',
    disposition: 'reject',
    nextStep: 'Change the type, the id or the payload, and try it with --dry-run first.',
    facts: { reason },
  })
}

import { randomUUID } from 'node:crypto'
import {
  insertInboxEvents,
  lockWaitingEvents,
  type LockedEvent,
  type Mover,
  type OwedReadKey,
  type Transaction,
} from '@tds/db'
import type { EntityDefinition } from '../entities/define-entity.ts'
import { canonicalJson, exactStringify, sha256Hex, type ExactObject } from '../json/index.ts'
import { usableEvent } from './incoming-event.ts'

/**
 * Makes an inbox event of a record that was read and cannot be applied, so that it can be given up on like a delivery:
 * with its bytes, visible, counted and replayable. Returns it locked.
 */
export async function eventOfRead(
  tx: Transaction,
  read: { readonly key: OwedReadKey; readonly entity: EntityDefinition; readonly record: ExactObject },
  mover: Mover,
): Promise<LockedEvent[]> {
  const { key, entity, record } = read
  const body = Object.create(null) as ExactObject
  body[entity.source.wrapper] = record
  const payloadText = exactStringify(body)
  const event = usableEvent(
    {
      organizationId: key.organizationId,
      sourceType: 'scheduled',
      entityType: key.entityType,
      rawBody: Buffer.from(payloadText),
      headers: {},
      remoteAddress: null,
      signatureVerified: false,
      requestId: null,
    },
    {
      operation: 'upsert',
      sourceEntityId: key.zohoId,
      sourceVersion: null,
      contentHash: sha256Hex(canonicalJson(body)),
      payloadText,
      flags: [],
    },
    randomUUID(),
  )
  await insertInboxEvents(tx, [{ ...event, duplicates: 0 }], mover)
  return lockWaitingEvents(tx, [event.id])
}

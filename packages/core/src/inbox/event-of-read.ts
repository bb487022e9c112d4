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
import { eventId, idempotencyKey } from './idempotency-key.ts'

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
  const contentHash = sha256Hex(canonicalJson(body))
  const identity = {
    ...key,
    operation: 'upsert' as const,
    sourceVersion: null,
    contentHash,
    nonce: randomUUID(),
  }
  const idempotency = idempotencyKey(identity).key
  const id = eventId(idempotency)
  const payload = exactStringify(body)
  await insertInboxEvents(
    tx,
    [
      {
        id,
        organizationId: key.organizationId,
        sourceType: 'scheduled',
        entityType: key.entityType,
        sourceEntityId: key.zohoId,
        operation: 'upsert',
        idempotencyKey: idempotency,
        foldKey: null,
        contentHash,
        sourceVersion: null,
        rawBody: Buffer.from(payload),
        payload,
        headers: {},
        remoteAddress: null,
        signatureVerified: false,
        status: 'pending',
        errorCode: null,
        errorMessage: null,
        flags: [],
        requestId: null,
        duplicates: 0,
      },
    ],
    mover,
  )
  return lockWaitingEvents(tx, [id])
}

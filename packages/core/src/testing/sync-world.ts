import { randomUUID } from 'node:crypto'
import type { Database } from '@tds/db'
import { createTestDatabase } from '@tds/db/testing'
import type { EntityDefinition } from '../entities/define-entity.ts'
import { processEvents, type ProcessingParts } from '../inbox/process-events.ts'
import { exactStringify, parseExactText, type ExactObject } from '../json/index.ts'
import { performRead } from '../sync/perform-read.ts'
import type { ReadingParts } from '../sync/reading.ts'
import { memorySource, type MemorySource } from './memory-source.ts'

/** One organisation, one source in memory, one real database: all that a claim about syncing needs. */
export interface SyncWorld {
  readonly db: Database
  readonly source: MemorySource
  /** What processing and reading need here; jobs are sent nowhere, because `settle` looks for work itself. */
  readonly parts: ProcessingParts & ReadingParts
  /** Puts a delivery into the inbox as the api would; returns its event id. */
  receive(delivery: TestDelivery): Promise<string>
  /** Processes all that waits and performs all reads that are due, until nothing moves. */
  settle(): Promise<void>
  /** Lets every wait be over that time ends: second looks, back-offs. */
  passTime(): Promise<void>
  /** Lets the hour be over within which the fuse counts deletions; one that is blown stays so. */
  passDeletionHour(): Promise<void>
  status(eventId: string): Promise<string>
  row(entity: EntityDefinition, zohoId: string): Promise<Record<string, unknown> | undefined>
  children(entity: EntityDefinition, zohoId: string): Promise<Record<string, unknown>[]>
  audit(zohoId: string): Promise<AuditRow[]>
  deadLetters(zohoId: string): Promise<{ class: string; error_code: string; error_message: string }[]>
  drop(): Promise<void>
}

/** A delivery in the words of a test. */
export interface TestDelivery {
  readonly entity: EntityDefinition
  readonly zohoId: string
  readonly body: ExactObject
  readonly operation?: 'create' | 'update' | 'delete' | 'upsert'
}

/** What a test asks of an audit entry. */
export interface AuditRow {
  readonly operation: string
  readonly cause: string
  readonly changed_fields: string[]
  readonly before: string | null
  readonly after: string
  readonly event_id: string | null
}

/** The organisation of every test. */
export const testOrganization = '790000001'

/** Makes a world of its own. */
export async function createSyncWorld(): Promise<SyncWorld> {
  const database = await createTestDatabase()
  const { db } = database
  const source = memorySource()
  const mover = { daemonId: randomUUID(), lane: 0 }
  const parts = {
    db,
    source,
    mover,
    queue: { send: () => Promise.resolve() },
    retry: () => ({ maxAttempts: 3, baseMs: 1, maxMs: 2 }),
  }
  const world: SyncWorld = {
    db,
    source,
    parts,
    drop: () => database.drop(),
    receive: (delivery) => insertEvent(db, delivery, mover.daemonId),
    settle: async () => {
      for (let moved = true; moved;) {
        const waiting = await db.query<{ id: string }>(
          `SELECT id FROM tds_inbox_events WHERE status IN ('pending', 'retry') AND NOT awaiting_read
              AND (next_attempt_at IS NULL OR next_attempt_at <= tds_now()) ORDER BY received_at`,
        )
        if (waiting.rows.length > 0)
          await processEvents(
            parts,
            waiting.rows.map((row) => row.id),
          )
        const reads = await db.query<{ organizationId: string; entityType: string; zohoId: string }>(
          `SELECT organization_id AS "organizationId", entity_type AS "entityType", zoho_id AS "zohoId"
             FROM tds_owed_reads WHERE due_at <= tds_now()`,
        )
        for (const key of reads.rows) await performRead(parts, key, new AbortController().signal)
        moved = waiting.rows.length > 0 || reads.rows.length > 0
      }
    },
    passTime: async () => {
      await db.query(
        `UPDATE tds_owed_reads SET due_at = tds_now() - interval '1 second', held_until = NULL WHERE due_at < 'infinity'`,
      )
      await db.query(`UPDATE tds_inbox_events SET next_attempt_at = tds_now() WHERE status = 'retry'`)
    },
    passDeletionHour: async () => {
      await db.query(`UPDATE tds_deletion_counts SET minute = minute - interval '61 minutes'`)
    },
    status: async (eventId) => {
      const { rows } = await db.query<{ status: string }>(
        'SELECT status FROM tds_inbox_events WHERE id = $1',
        [eventId],
      )
      return rows[0]?.status ?? 'absent'
    },
    row: async (entity, zohoId) => {
      const { rows } = await db.query(`SELECT * FROM ${entity.table} WHERE zoho_id = $1`, [zohoId])
      return rows[0]
    },
    children: async (entity, zohoId) => {
      const found: Record<string, unknown>[] = []
      for (const child of entity.children) {
        const { rows } = await db.query(`SELECT * FROM ${child.table} WHERE ${child.parentColumn} = $1`, [
          zohoId,
        ])
        found.push(...rows)
      }
      return found
    },
    audit: async (zohoId) => {
      const { rows } = await db.query<AuditRow>(
        'SELECT * FROM tds_audit_trail WHERE entity_id = $1 ORDER BY position',
        [zohoId],
      )
      return rows
    },
    deadLetters: async (zohoId) => {
      const { rows } = await db.query<{ class: string; error_code: string; error_message: string }>(
        `SELECT * FROM tds_dead_letter_queue WHERE status = 'open' AND source_entity_id = $1`,
        [zohoId],
      )
      return rows
    },
  }
  return world
}

async function insertEvent(db: Database, delivery: TestDelivery, daemonId: string): Promise<string> {
  const id = randomUUID()
  const { entity, zohoId, body, operation = 'update' } = delivery
  const record = recordIn(entity, body)
  const version = record['last_modified_time']
  const payload = exactStringify(body)
  await db.transaction(async (tx) => {
    await tx.query(
      `INSERT INTO tds_inbox_events (id, organization_id, source_type, entity_type, source_entity_id, operation_type,
              idempotency_key, content_hash, source_version, raw_body, payload, signature_verified)
       VALUES ($1::uuid, $2, 'zoho', $3, $4, $5, $1::text, 'test', $6, $7, $8, true)`,
      [
        id,
        testOrganization,
        entity.type,
        zohoId,
        operation,
        typeof version === 'string' && version !== '' && !Number.isNaN(Date.parse(version)) ? version : null,
        Buffer.from(payload),
        payload,
      ],
    )
    await tx.query(
      `INSERT INTO tds_event_counts AS c (minute, status, daemon_id, lane, events)
       SELECT date_trunc('minute', received_at), status, $2, 99, 1 FROM tds_inbox_events WHERE id = $1
           ON CONFLICT (minute, status, daemon_id, lane) DO UPDATE SET events = c.events + 1`,
      [id, daemonId],
    )
  })
  return id
}

function recordIn(entity: EntityDefinition, body: ExactObject): ExactObject {
  const wrapped = body[entity.source.wrapper]
  return wrapped === undefined ? body : (wrapped as ExactObject)
}

/** Reads one of the definition's example bodies and lays changes over its record; a change of `undefined` removes the key. */
export function exampleRecord(
  entity: EntityDefinition,
  which: 'detail' | 'webhook' | 'listRow',
  changes: Readonly<Record<string, ExactObject[string] | undefined>> = {},
): ExactObject {
  const body = parseExactText(entity.example[which]).value as ExactObject
  const record = recordIn(entity, body)
  for (const [key, value] of Object.entries(changes)) {
    if (value === undefined) Reflect.deleteProperty(record, key)
    else record[key] = value
  }
  return record
}

/** Wraps a record as Zoho's default webhook does. */
export function wrapped(entity: EntityDefinition, record: ExactObject): ExactObject {
  const body = Object.create(null) as ExactObject
  body[entity.source.wrapper] = record
  return body
}

import { randomUUID } from 'node:crypto'
import { unconservedEvents } from '@tds/db'
import type { EntityDefinition } from '../entities/define-entity.ts'
import { product } from '../entities/product.ts'
import { askForReads } from '../sync/ask-for-reads.ts'
import { performRead } from '../sync/perform-read.ts'
import { createSyncWorld, exampleRecord, testOrganization, wrapped, type SyncWorld } from './sync-world.ts'

/** A world of records that vanish at the source. */
export interface FuseWorld extends SyncWorld {
  /** Puts so many living rows into the mirror that the source does not have; returns their ids. */
  fill(rows: number, entity?: EntityDefinition): Promise<string[]>
  /** Receives a webhook of the deletion of each, without processing it; returns the ids of the events. */
  receiveDeletes(ids: readonly string[], entity?: EntityDefinition): Promise<string[]>
  /** Owes each a read because a reconciliation found it missing. */
  oweReads(ids: readonly string[], entity?: EntityDefinition): Promise<void>
  /** Reads all of them at the same moment, each by a daemon of its own. */
  readAtOnce(ids: readonly string[], entity?: EntityDefinition): Promise<void>
  /** Gives the source these records again. */
  bringBack(ids: readonly string[], entity?: EntityDefinition): void
  tombstones(entity?: EntityDefinition): Promise<number>
  held(entity?: EntityDefinition): Promise<string[]>
  state(entity?: EntityDefinition): Promise<string>
  /** True where counters and inbox agree. */
  isConserved(): Promise<boolean>
}

/** Makes a world of its own; where no type is named it is about products. */
export async function createFuseWorld(): Promise<FuseWorld> {
  const world = await createSyncWorld()
  const { db, source, parts } = world
  const organizationId = testOrganization
  let made = 0
  const keyOf = (zohoId: string, entity: EntityDefinition) => ({
    organizationId,
    entityType: entity.type,
    zohoId,
  })
  return {
    ...world,
    fill: async (rows, entity = product) => {
      const first = made + 1
      made += rows
      const { rows: filled } = await db.query<{ zoho_id: string }>(
        `INSERT INTO ${entity.table} (organization_id, zoho_id, source_modified_at, completed_version, source_read_at)
         SELECT $1, '4601' || lpad(n::text, 8, '0'), '2026-01-01', '2026-01-01', tds_now()
           FROM generate_series($2::int, $3::int) AS n RETURNING zoho_id`,
        [organizationId, first, made],
      )
      return filled.map((row) => row.zoho_id).sort()
    },
    receiveDeletes: async (ids, entity = product) => {
      const events: string[] = []
      for (const zohoId of ids) {
        const body = wrapped(entity, exampleRecord(entity, 'webhook', { [entity.source.id]: zohoId }))
        events.push(await world.receive({ entity, zohoId, body, operation: 'delete' }))
      }
      return events
    },
    oweReads: (ids, entity = product) => {
      const wish = { reason: 'reconciliation', eventId: null, delaySeconds: 0 } as const
      const reads = ids.map((zohoId) => ({ ...keyOf(zohoId, entity), ...wish }))
      return db.transaction((tx) => askForReads(parts.queue, tx, reads))
    },
    readAtOnce: async (ids, entity = product) => {
      const { signal } = new AbortController()
      await Promise.all(
        ids.map((zohoId) => {
          const mover = { daemonId: randomUUID(), lane: 0 }
          return performRead({ ...parts, mover }, keyOf(zohoId, entity), signal)
        }),
      )
    },
    bringBack: (ids, entity = product) => {
      for (const zohoId of ids)
        source.hold(zohoId, exampleRecord(entity, 'detail', { [entity.source.id]: zohoId }))
    },
    tombstones: async (entity = product) => {
      const { rows } = await db.query<{ tombstones: number }>(
        `SELECT count(*)::int AS tombstones FROM ${entity.table} WHERE deleted_at IS NOT NULL`,
      )
      return rows[0]?.tombstones ?? 0
    },
    held: async (entity = product) => {
      const { rows } = await db.query<{ zoho_id: string }>(
        `SELECT zoho_id FROM tds_held_deletions
          WHERE entity_type = $1::tds_entity_type AND released_at IS NULL ORDER BY zoho_id`,
        [entity.type],
      )
      return rows.map((row) => row.zoho_id)
    },
    state: async (entity = product) => {
      const { rows } = await db.query<{ state: string }>(
        'SELECT state FROM tds_deletion_fuses WHERE entity_type = $1::tds_entity_type',
        [entity.type],
      )
      return rows[0]?.state ?? 'never used'
    },
    isConserved: async () => (await unconservedEvents(db)).length === 0,
  }
}

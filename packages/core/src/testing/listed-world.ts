import { randomUUID } from 'node:crypto'
import { beginRun } from '@tds/db'
import { takeOverClock, type TestClock } from '@tds/db/testing'
import type { EntityDefinition } from '../entities/define-entity.ts'
import type { ExactObject } from '../json/index.ts'
import type { ReconciliationWish } from '../reconciliation/index-run.ts'
import { reconcileIndex, type ReconciliationReport } from '../reconciliation/reconcile-index.ts'
import type { ListParts } from '../scan/read-list.ts'
import { rowsPerPage } from '../scan/walk-list.ts'
import { createSyncWorld, exampleRecord, testOrganization, type SyncWorld } from './sync-world.ts'

/** A world in which the source lists what it holds, page by page, and whose time a test can move. */
export interface ListedWorld extends SyncWorld {
  readonly clock: TestClock
  /** What the source holds, by id; a list is made of it. */
  readonly zoho: Map<string, ExactObject>
  readonly parts: SyncWorld['parts'] & ListParts
  /** Puts the record into the source, with changes laid over the example's detail. */
  put(id: string, changes?: Parameters<typeof exampleRecord>[2]): void
  remove(id: string): void
  /** Loads all that the source holds and settles, as a first load does. */
  load(): Promise<void>
  reconcile(wish?: Partial<ReconciliationWish>): Promise<ReconciliationReport>
  /** Settles, and lets confirming reads come due, until nothing is open. */
  confirm(): Promise<void>
  differences(runId: string): Promise<DifferenceRow[]>
}

/** What a test asks of a difference. */
export interface DifferenceRow {
  readonly zoho_id: string
  readonly class: string
  readonly state: string
  readonly fields: readonly string[]
  readonly probable_cause: string
}

/** Makes a world of its own for one type. */
export async function createListedWorld(entity: EntityDefinition): Promise<ListedWorld> {
  const world = await createSyncWorld()
  const clock = await takeOverClock(world.db)
  const zoho = new Map<string, ExactObject>()
  const parts = {
    ...world.parts,
    lease: { guard: () => Promise.resolve() },
    signal: new AbortController().signal,
  }
  world.source.list(({ page, perPage }) => {
    const rows = [...zoho.values()].map((detail) => listRowOf(entity, detail))
    const from = (page - 1) * perPage
    return { rows: rows.slice(from, from + perPage), hasMore: rows.length > from + perPage }
  })
  const put: ListedWorld['put'] = (id, changes = {}) => {
    const detail = exampleRecord(entity, 'detail', { [entity.source.id]: id, ...changes })
    zoho.set(id, detail)
    world.source.hold(id, detail)
  }
  const reconcile: ListedWorld['reconcile'] = async (wish = {}) => {
    const whole = { organizationId: testOrganization, entity, repair: true, dryRun: false, requestedBy: null }
    return reconcileIndex(parts, await begunRun(world, { ...whole, ...wish }, 'index'))
  }
  return {
    ...world,
    parts,
    clock,
    zoho,
    put,
    remove: (id) => {
      zoho.delete(id)
      world.source.remove(id)
    },
    load: async () => {
      await reconcile()
      await world.settle()
    },
    reconcile,
    confirm: async () => {
      for (let turn = 0; turn < 4; turn += 1) {
        await world.settle()
        await clock.advance('61 seconds')
      }
    },
    differences: async (runId) => {
      const { rows } = await world.db.query<DifferenceRow>(
        `SELECT zoho_id, class, state, fields, probable_cause FROM tds_reconciliation_differences
          WHERE run_id = $1::uuid ORDER BY id`,
        [runId],
      )
      return rows
    },
  }
}

/** Of a detail what the example's list row has: Zoho's two agree in what both carry. */
export function listRowOf(entity: EntityDefinition, detail: ExactObject): ExactObject {
  const row = exampleRecord(entity, 'listRow')
  for (const key of Object.keys(row)) if (detail[key] !== undefined) row[key] = detail[key]
  return row
}

/** Ids of as many pages as asked for, plus some. */
export function idsOf(count: number): string[] {
  return Array.from({ length: count }, (_, index) => String(573914000000101001n + BigInt(index)))
}

/** One more than fits a page. */
export const overOnePage = rowsPerPage + 1

/** The wish with a run that has begun, as the worker's loop begins one. */
export async function begunRun(
  { db }: Pick<SyncWorld, 'db'>,
  wish: Omit<ReconciliationWish, 'runId'>,
  mode: 'index' | 'full',
): Promise<ReconciliationWish> {
  const { organizationId, entity, dryRun, requestedBy } = wish
  const runId = await beginRun(db, {
    organizationId,
    runType: 'reconciliation',
    entityType: entity.type,
    mode,
    dryRun,
    workerId: randomUUID(),
    requestedBy,
    cursorBefore: null,
  })
  return { ...wish, runId }
}

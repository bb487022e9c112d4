import type { EntityDefinition } from '../entities/define-entity.ts'
import { entities } from '../entities/index.ts'
import type { ExactJson, ExactObject } from '../json/index.ts'
import { checkQuality, type QualityCounts, type QualityLimits } from '../quality/check-quality.ts'
import { createSyncWorld, exampleRecord, wrapped, type SyncWorld } from './sync-world.ts'

/** A finding as a test asks for it. */
export interface FindingRow {
  readonly rule: string
  readonly entity_id: string | null
  readonly subject: string
  readonly related_id: string | null
  readonly detail: unknown
  readonly times_seen: number
}

/** A world whose data is judged by passes that the test makes. */
export interface JudgedWorld extends SyncWorld {
  /** Applies the example's detail under this id, so many minutes newer, with changes laid over; then passes once. */
  judge(entity: EntityDefinition, record: JudgedRecord): Promise<QualityCounts | null>
  /** The same without the pass. */
  apply(entity: EntityDefinition, record: JudgedRecord): Promise<void>
  /** Passes until no walk is due. */
  walk(limits?: Partial<QualityLimits>): Promise<void>
  /** Takes every record and finding away, for the next claim: a database of its own for each would take ten times as long. */
  clear(): Promise<void>
  open(rule?: string): Promise<FindingRow[]>
  resolved(rule?: string): Promise<FindingRow[]>
}

/** A record in the words of a test. */
export interface JudgedRecord {
  readonly id: string
  readonly minutesNewer?: number
  readonly changes?: Readonly<Record<string, ExactJson | undefined>>
  /** Keys to take out of the body, so that it is partial. */
  readonly without?: readonly string[]
}

/** Small enough that a few records need several slices. */
export const testLimits: QualityLimits = {
  changes: 50,
  slice: 2,
  walkEverySeconds: 3600,
  walkAfterLoadSeconds: 0,
}

/** Makes a world of its own, in which the walks of its beginning are over: there is nothing to walk over yet. */
export async function createJudgedWorld(): Promise<JudgedWorld> {
  const world = await createSyncWorld()
  const apply = async (entity: EntityDefinition, record: JudgedRecord): Promise<void> => {
    await world.receive({ entity, zohoId: record.id, body: wrapped(entity, bodyOf(entity, record)) })
    await world.settle()
  }
  const findings = async (condition: string, rule = '%'): Promise<FindingRow[]> => {
    const { rows } = await world.db.query<FindingRow & { detail: string }>(
      `SELECT rule, entity_id, subject, related_id, detail, times_seen FROM tds_quality_findings
        WHERE resolved_at ${condition} AND rule LIKE $1 ORDER BY id`,
      [rule],
    )
    return rows.map((row) => ({ ...row, detail: JSON.parse(row.detail) as unknown }))
  }
  const walk = async (limits: Partial<QualityLimits> = {}): Promise<void> => {
    for (let walking = 1; walking === 1;)
      walking = (await checkQuality(world.db, { ...testLimits, ...limits }))?.walking ?? 0
  }
  await checkQuality(world.db, testLimits)
  await world.db.query(
    `UPDATE tds_quality_walks SET at_organization_id = NULL, at_zoho_id = NULL, due_at = tds_now() + interval '1 hour'`,
  )
  return {
    ...world,
    apply,
    walk,
    judge: async (entity, record) => {
      await apply(entity, record)
      return checkQuality(world.db, testLimits)
    },
    clear: async () => {
      const mirrored = entities.flatMap((entity) => [
        entity.table,
        ...entity.children.map(({ table }) => table),
      ])
      await world.db.query(
        `TRUNCATE ${mirrored.join(', ')}, tds_inbox_events, tds_owed_reads, tds_quality_findings, tds_quality_waiting,
                  tds_deletion_fuses, tds_deletion_counts, tds_held_deletions`,
      )
      await checkQuality(world.db, testLimits)
    },
    open: (rule) => findings('IS NULL', rule),
    resolved: (rule) => findings('IS NOT NULL', rule),
  }
}

function bodyOf(entity: EntityDefinition, record: JudgedRecord): ExactObject {
  const minute = String(10 + (record.minutesNewer ?? 0)).padStart(2, '0')
  const absent = Object.fromEntries((record.without ?? []).map((key) => [key, undefined]))
  return exampleRecord(entity, 'detail', {
    [entity.source.id]: record.id,
    last_modified_time: `2026-07-21T16:${minute}:55+0100`,
    ...record.changes,
    ...absent,
  })
}

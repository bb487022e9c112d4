import {
  advanceQualityProgress,
  awaitCompletion,
  closeOrphanedFindings,
  ensureQualityWalks,
  finishQualityWalk,
  hastenQualityWalks,
  holdQualityProgress,
  judgeRecords,
  moveQualityWalk,
  nextQualityWalk,
  planFreely,
  readFreshChanges,
  readKeysAfter,
  takeCompleted,
  type ChangedRecord,
  type Database,
  type Judgement,
  type RecordKey,
  type Transaction,
} from '@tds/db'
import type { EntityDefinition } from '../entities/define-entity.ts'
import { entities } from '../entities/index.ts'
import { recordTableOf } from '../sync/record-table.ts'
import { qualityRules } from './index.ts'
import { changedOf } from './rule.ts'

/** How much one pass takes on; tests take less. */
export interface QualityLimits {
  /** Entries of the audit trail; when more are new, the records are judged by walks instead. */
  readonly changes: number
  /** Records of a walk's slice. */
  readonly slice: number
  /** Seconds from the start of one walk to the start of the next. */
  readonly walkEverySeconds: number
  /** Seconds by which walks wait that were asked for because too much changed at once: a load has the machine to itself. */
  readonly walkAfterLoadSeconds: number
}

const usualLimits: QualityLimits = {
  changes: 2000,
  slice: 500,
  walkEverySeconds: 3600,
  walkAfterLoadSeconds: 60,
}

/** What one pass did, as numbers for log and metrics. */
export interface QualityCounts extends Record<string, number> {
  judged: number
  opened: number
  resolved: number
  /** 1 while a walk is in progress: the next pass should not wait for long. */
  walking: number
}

/**
 * One pass of the check of mirrored data: judges what changed since the pass before, and a slice of a walk where one is due.
 * Findings are noted and nothing else: no change waits for it and nothing is put right. It all happens in one transaction, so
 * that a pass counts whole or not at all; null where another worker is at it.
 */
export async function checkQuality(
  db: Database,
  limits: QualityLimits = usualLimits,
): Promise<QualityCounts | null> {
  return db.transaction(async (tx) => {
    const progress = await holdQualityProgress(tx)
    if (progress === null) return null
    await planFreely(tx)
    const types = entities.map((entity) => entity.type)
    await ensureQualityWalks(tx, types)
    const pass: Pass = {
      tx,
      limits,
      beganAt: progress.began_at,
      counts: { judged: 0, opened: 0, resolved: 0, walking: 0 },
    }
    const fresh = await readFreshChanges(tx, progress, limits.changes)
    if (progress.starts_anew) await hastenQualityWalks(tx, types, 0)
    if (fresh.overflowed) await hastenQualityWalks(tx, types, limits.walkAfterLoadSeconds)
    await judgeChanges(pass, fresh.changed)
    await walkOn(pass)
    await advanceQualityProgress(tx, { startsAnew: progress.starts_anew, seen: fresh })
    return pass.counts
  })
}

interface Pass {
  readonly tx: Transaction
  readonly limits: QualityLimits
  readonly beganAt: string
  readonly counts: QualityCounts
}

async function judgeChanges(pass: Pass, fresh: readonly ChangedRecord[]): Promise<void> {
  const changed = [...fresh, ...(await completedRecords(pass))]
  for (const entity of entities) {
    const keys = changed.filter((record) => record.entity_type === entity.type).map(keyOf)
    if (keys.length > 0)
      await awaitCompletion(pass.tx, { entityType: entity.type, table: recordTableOf(entity) }, keys)
  }
  if (changed.length === 0) return
  for (const judgement of judgements()) await judge(pass, judgement, changed)
  const walked = judgements().filter(({ walkWhenChanged }) =>
    walkWhenChanged.some((type) => changed.some((record) => record.entity_type === type)),
  )
  await hastenQualityWalks(pass.tx, [...new Set(walked.map(({ entityType }) => entityType))], 0)
}

/** Records that changed earlier and are known completely only now. */
async function completedRecords({ tx, limits }: Pass): Promise<ChangedRecord[]> {
  const completed: ChangedRecord[] = []
  for (const entity of entities) {
    const keys = await takeCompleted(tx, {
      entityType: entity.type,
      table: recordTableOf(entity),
      limit: limits.changes,
    })
    completed.push(...keys.map((key) => changedRecord(entity, key)))
  }
  return completed
}

async function walkOn(pass: Pass): Promise<void> {
  const { tx, limits, counts } = pass
  const walk = await nextQualityWalk(
    tx,
    entities.map((entity) => entity.type),
  )
  const entity = entities.find((candidate) => candidate.type === walk?.entity_type)
  if (walk === null || entity === undefined) return
  const table = recordTableOf(entity)
  const after =
    walk.at_zoho_id === null
      ? null
      : { organizationId: walk.at_organization_id ?? '', zohoId: walk.at_zoho_id }
  const keys = await readKeysAfter(tx, table, { after, limit: limits.slice })
  counts.walking = 1
  const slice = keys.map((key) => changedRecord(entity, key))
  const rules = judgements().filter(({ entityType }) => entityType === entity.type)
  if (slice.length > 0) {
    await awaitCompletion(tx, { entityType: entity.type, table }, keys)
    for (const rule of rules) await judge(pass, rule, slice)
  }
  const last = keys.at(-1)
  if (last !== undefined && keys.length === limits.slice) {
    await moveQualityWalk(tx, walk, { at: last, everySeconds: limits.walkEverySeconds })
    return
  }
  counts.resolved += await closeOrphanedFindings(tx, {
    entityType: entity.type,
    table,
    rules: rules.map(({ rule }) => rule),
    since: walk.started_at ?? pass.beganAt,
  })
  await finishQualityWalk(tx, walk, limits.walkEverySeconds)
}

async function judge(pass: Pass, judgement: Judgement, changed: readonly ChangedRecord[]): Promise<void> {
  const { judged, opened, resolved } = await judgeRecords(pass.tx, judgement, changed)
  pass.counts.judged += judged
  pass.counts.opened += opened
  pass.counts.resolved += resolved
}

interface WalkedJudgement extends Judgement {
  readonly walkWhenChanged: readonly string[]
}

/** Every rule with every type that it judges. */
function judgements(): readonly WalkedJudgement[] {
  known ??= entities.flatMap((entity) =>
    qualityRules.flatMap((rule) => {
      const judged = rule.judges(entity, entities)
      if (judged === null) return []
      return {
        rule: rule.name,
        entityType: entity.type,
        table: recordTableOf(entity),
        keyedBy: judged.keyedBy,
        keys: judged.keys ?? changedOf(entity),
        violations: judged.violations,
        walkWhenChanged: judged.walkWhenChanged ?? [],
      }
    }),
  )
  return known
}

let known: readonly WalkedJudgement[] | undefined

function keyOf(record: ChangedRecord): RecordKey {
  return { organizationId: record.organization_id, zohoId: record.zoho_id }
}

function changedRecord(entity: EntityDefinition, key: RecordKey): ChangedRecord {
  return {
    entity_type: entity.type,
    organization_id: key.organizationId,
    zoho_id: key.zohoId,
    gone: false,
  }
}

import {
  DatabaseConflict,
  insertAuditEntries,
  insertFirstSights,
  insertRecords,
  replaceChildRows,
  updateRecords,
  type AuditEntryWrite,
  type FirstSight,
  type RecordKey,
  type RecordWrite,
  type Transaction,
} from '@tds/db'
import type { EntityDefinition } from '../entities/define-entity.ts'
import { exactStringify, type ExactObject } from '../json/index.ts'
import { noteLiving } from '../reconciliation/signs-of-life.ts'
import { firstSightOf } from '../webhooks/first-sight.ts'
import { advance, owesCompletingRead } from './advance.ts'
import { auditEntry } from './audit-entry.ts'
import type { AppliedOutcome, Decision, IncomingChange } from './change.ts'
import { changedFields } from './content.ts'
import { decide } from './decide.ts'
import { writeInstant, type Instant } from './instant.ts'
import type { RecordState } from './record-state.ts'
import { recordTableOf } from './record-table.ts'
import { rowHash } from './row-hash.ts'
import { fitsItself, keyText, lockStates, type StandingState } from './stored-states.ts'

/** A change of one record together with who and what brought it. */
export interface RecordChange extends IncomingChange {
  readonly entity: EntityDefinition
  readonly organizationId: string
  readonly zohoId: string
  readonly eventId: string | null
  readonly runId: string | null
  /** Daemon or person; the audit trail keeps it. */
  readonly actor: string
  readonly reason: string | null
  readonly requestId: string | null
  /** Key of the stored event's payload under which its record lies, null for the payload itself; absent where no event holds the body. */
  readonly payloadKey?: string | null
}

/** What became of one change, in the order given. */
export interface ChangeResult {
  readonly decision: Decision
  /** The row, after all changes of this call, is not known completely: a completing read is owed. */
  readonly owesRead: boolean
  /** Names of what the change altered, as its audit entry has them; empty where nothing was applied. */
  readonly fields: readonly string[]
  /** The record before and after the change; null where nothing was applied. */
  readonly applied: { readonly before: RecordState | null; readonly after: RecordState } | null
}

/**
 * The one path of every change: webhook, backfill, incremental read, repair, replay and manual sync all end here.
 * Decides each change against the stored record, several of one record as if one after the other, and writes row, lines
 * and audit entries with one statement each, and versions that a read saw before a webhook did. Runs inside the caller's
 * transaction.
 * Throws {@link DatabaseConflict} when another transaction changed a record meanwhile: roll back and call again.
 */
export async function applyChanges(
  tx: Transaction,
  changes: readonly RecordChange[],
  now: Instant,
): Promise<ChangeResult[]> {
  const results: ChangeResult[] = new Array<ChangeResult>(changes.length)
  const audits: { readonly index: number; readonly entry: AuditEntryWrite }[] = []
  const sights: FirstSight[] = []
  const groups = groupByEntity(changes)
  for (const group of groups) {
    const keys = group.records.map((record) => record.key)
    const stored = await lockStates(tx, group.entity, keys)
    const folds = group.records.map((record) => fold(record, stored.get(keyText(record.key)) ?? null, now))
    for (const folded of folds) {
      for (const [index, result] of folded.results) results[index] = result
      audits.push(...folded.audits)
      sights.push(...folded.sights)
    }
    await writeFolds(tx, group.entity, folds)
  }
  for (const { entity, records } of groups) await noteLiving(tx, entity.type, doneTo(records, results))
  audits.sort((left, right) => left.index - right.index)
  if (audits.length > 0) {
    await insertAuditEntries(
      tx,
      audits.map((audit) => audit.entry),
    )
  }
  await insertFirstSights(tx, sights)
  return results
}

/** The changes of records with what became of each. */
function doneTo(records: readonly RecordChanges[], results: readonly ChangeResult[]) {
  return records
    .flatMap((record) => record.changes)
    .flatMap(({ index, change }) => {
      const result = results[index]
      return result === undefined ? [] : [{ change, result }]
    })
}

interface RecordChanges {
  readonly key: RecordKey
  readonly changes: { readonly index: number; readonly change: RecordChange }[]
}

interface EntityChanges {
  readonly entity: EntityDefinition
  readonly records: RecordChanges[]
}

/** Tables and the records of each in a constant order, so that two workers never lock, or insert, in a circle. */
function groupByEntity(changes: readonly RecordChange[]): EntityChanges[] {
  const groups = new Map<EntityDefinition, Map<string, RecordChanges>>()
  changes.forEach((change, index) => {
    const records = groups.get(change.entity) ?? new Map<string, RecordChanges>()
    groups.set(change.entity, records)
    const key = { organizationId: change.organizationId, zohoId: change.zohoId }
    const record = records.get(keyText(key)) ?? { key, changes: [] }
    records.set(keyText(key), record)
    record.changes.push({ index, change })
  })
  return [...groups]
    .map(([entity, records]) => ({ entity, records: [...records.values()].sort(byKey) }))
    .sort((left, right) => (left.entity.type < right.entity.type ? -1 : 1))
}

function byKey(left: RecordChanges, right: RecordChanges): number {
  return keyText(left.key) < keyText(right.key) ? -1 : 1
}

interface Folded {
  readonly key: RecordKey
  readonly before: StandingState | null
  readonly after: RecordState | null
  readonly results: [number, ChangeResult][]
  readonly audits: { readonly index: number; readonly entry: AuditEntryWrite }[]
  readonly sights: readonly FirstSight[]
  readonly raws: readonly RecordChange[]
  readonly rawMode: 'merge' | 'replace'
  readonly corrected: boolean
  readonly lastEventId: string | null
}

/** Takes the record through its changes one after the other, in memory; one write follows. */
function fold(record: RecordChanges, before: StandingState | null, now: Instant): Folded {
  let state: RecordState | null = before
  let raws: RecordChange[] = []
  let rawMode: 'merge' | 'replace' = 'merge'
  let corrected = false
  let lastEventId: string | null = null
  const decided: [number, Omit<ChangeResult, 'owesRead'>][] = []
  const audits: { readonly index: number; readonly entry: AuditEntryWrite }[] = []
  const sights: FirstSight[] = []
  for (const { index, change } of record.changes) {
    const decision = decide(state, change, now)
    const next = markDamage(before, { change, state, next: advance(state, change, { decision, now }) })
    let fields: readonly string[] = []
    let applied: ChangeResult['applied'] = null
    if (next !== null && isApplied(decision)) {
      const entry = auditEntry(state, next, auditContext(change, decision))
      fields = entry.changed_fields
      applied = { before: state, after: next }
      audits.push({ index, entry })
      corrected ||= decision.cause === 'correction'
      lastEventId = change.eventId ?? lastEventId
    }
    decided.push([index, { decision, fields, applied }])
    if (next !== state && change.says.kind === 'content' && change.origin !== 'stored') {
      const isWhole = change.origin === 'detail' && change.says.record.completeness === 'complete'
      if (isWhole) [raws, rawMode] = [[change], 'replace']
      else raws.push(change)
    }
    const sight = firstSightOf(change, state, next)
    if (sight !== null) sights.push(sight)
    state = next
  }
  const owesRead = state !== null && owesCompletingRead(state)
  return {
    key: record.key,
    before,
    after: state,
    results: decided.map(([index, result]) => [index, { ...result, owesRead }]),
    audits,
    sights,
    raws,
    rawMode,
    corrected,
    lastEventId,
  }
}

/**
 * The row gets a new hash, which would cover up whatever somebody wrote to it by hand. So where it did not fit its hash,
 * only a complete body makes it whole again.
 */
function markDamage(
  before: StandingState | null,
  {
    change,
    state,
    next,
  }: { readonly change: RecordChange; readonly state: RecordState | null; readonly next: RecordState | null },
): RecordState | null {
  if (before === null || next === null || next === state || state !== before) return next
  const { says } = change
  const isWhole = says.kind === 'content' && says.record.completeness === 'complete'
  return isWhole || fitsItself(before) ? next : { ...next, completedVersion: null }
}

function isApplied(decision: Decision): decision is Extract<Decision, { outcome: AppliedOutcome }> {
  return 'cause' in decision
}

function auditContext(change: RecordChange, decision: Extract<Decision, { outcome: AppliedOutcome }>) {
  return {
    organizationId: change.organizationId,
    entity: change.entity,
    zohoId: change.zohoId,
    operation: decision.outcome,
    cause: decision.cause,
    eventId: change.eventId,
    runId: change.runId,
    actor: change.actor,
    reason: change.reason,
    requestId: change.requestId,
  }
}

async function writeFolds(
  tx: Transaction,
  entity: EntityDefinition,
  folds: readonly Folded[],
): Promise<void> {
  const table = recordTableOf(entity)
  const moved = folds.filter((folded) => folded.after !== folded.before)
  const inserts = moved.filter((folded) => folded.before === null).map(recordWrite)
  const updates = moved.filter((folded) => folded.before !== null).map(recordWrite)
  if (inserts.length > 0) expectAll(await insertRecords(tx, table, inserts), inserts.length, entity)
  if (updates.length > 0) expectAll(await updateRecords(tx, table, updates), updates.length, entity)
  for (const child of table.children) {
    const changed = moved.filter((folded) => childRowsMoved(folded, child.table))
    if (changed.length === 0) continue
    await replaceChildRows(tx, child, {
      parents: changed.map((folded) => folded.key),
      rows: changed.flatMap((folded) =>
        (folded.after?.children[child.table] ?? []).map((columns) => ({ parent: folded.key, columns })),
      ),
    })
  }
}

/** A write that met another count of changes than the decision saw must not stand. */
function expectAll(written: number, expected: number, entity: EntityDefinition): void {
  if (written === expected) return
  throw new DatabaseConflict(
    `${String(expected - written)} ${entity.table} rows were changed by another transaction`,
  )
}

function childRowsMoved(folded: Folded, table: string): boolean {
  const before = folded.before ?? { columns: {}, customFields: '{}', children: {} }
  const after = folded.after?.children[table] ?? []
  return (
    changedFields(before, { columns: {}, customFields: undefined, children: { [table]: after } }).length > 0
  )
}

function recordWrite(folded: Folded): RecordWrite {
  const { key, before, after } = folded
  if (after === null) throw new RangeError('A record without a state cannot be written')
  return {
    organization_id: key.organizationId,
    zoho_id: key.zohoId,
    columns: after.columns,
    custom_fields: after.customFields,
    ...rawOf(folded.raws),
    raw_mode: folded.rawMode,
    content_hash: rowHash(after),
    source_created_at: textOrNull(after.createdAt),
    source_modified_at: textOrNull(after.version),
    completed_version: textOrNull(after.completedVersion),
    source_read_at: textOrNull(after.readAt),
    deleted_at: textOrNull(after.deletedAt),
    last_event_id: folded.lastEventId,
    version: after.revision,
    expected_version: before?.revision ?? 0,
    may_go_back: folded.corrected,
  }
}

/** Where the body to keep comes from: the stored event that holds it, or text; several of one batch are laid over each other. */
function rawOf(bodies: readonly RecordChange[]): Pick<RecordWrite, 'raw' | 'raw_event_id' | 'raw_key'> {
  const [first, ...later] = bodies
  if (first === undefined) return { raw: null, raw_event_id: null, raw_key: null }
  if (later.length === 0 && first.payloadKey !== undefined && first.origin !== 'list') {
    return { raw: null, raw_event_id: first.eventId, raw_key: first.payloadKey }
  }
  const merged = Object.create(null) as ExactObject
  for (const body of bodies) Object.assign(merged, bodyToKeep(body))
  return { raw: exactStringify(merged), raw_event_id: null, raw_key: null }
}

/**
 * A list row's keys may mean less than the detail's of the same name, so of these only the ones are kept that the definition
 * marks as true in lists: `raw` stays a body from which every column can be read again.
 */
function bodyToKeep({ says, origin, entity }: RecordChange): ExactObject {
  if (says.kind !== 'content') return Object.create(null) as ExactObject
  const { raw } = says.record
  if (origin !== 'list') return raw
  const kept = Object.create(null) as ExactObject
  for (const key of keysTrueInLists(entity)) if (raw[key] !== undefined) kept[key] = raw[key]
  return kept
}

function keysTrueInLists(entity: EntityDefinition): string[] {
  const columns = entity.columns.filter((column) => column.inList)
  return [...columns.flatMap((column) => column.keys), 'created_time', 'last_modified_time']
}

function textOrNull(instant: Instant | null): string | null {
  return instant === null ? null : writeInstant(instant)
}

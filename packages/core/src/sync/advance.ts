import type { MappedRecord } from '../entities/map-record.ts'
import type { Decision, IncomingChange } from './change.ts'
import { instantOfMillis, type Instant } from './instant.ts'
import { isComplete, type RecordState } from './record-state.ts'

/** The record as it stands once a decision is carried out; `stored` itself where nothing moves. Pure, like `decide`. */
export function advance(
  stored: RecordState | null,
  incoming: IncomingChange,
  o: { readonly decision: Decision; readonly now: Instant },
): RecordState | null {
  const { decision, now } = o
  if (decision.outcome === 'stale' || decision.outcome === 'reread') return stored
  if (decision.outcome === 'unchanged') {
    if (!decision.advances || stored === null) return stored
    if (incoming.says.kind !== 'content') return { ...stored, readAt: readAtAfter(stored, incoming) }
    return withContent(stored, incoming, incoming.says.record)
  }
  const base = stored ?? blank
  if (incoming.origin === 'stored') return withStoredContent(base, incoming)
  if (incoming.says.kind !== 'content') {
    return {
      ...base,
      readAt: readAtAfter(base, incoming),
      deletedAt: now,
      revision: base.revision + 1,
    }
  }
  // What a tombstone still holds may be long out of date: only a complete answer makes a restored row complete again.
  const living = base.deletedAt === null ? base : { ...base, deletedAt: null, completedVersion: null }
  const { record } = incoming.says
  const next = withContent(living, incoming, record)
  return {
    ...next,
    // A part that changed under no version may stand for more that changed: nothing but a complete answer tells.
    completedVersion: isPartOfUnknown(record) ? null : next.completedVersion,
    revision: base.revision + 1,
  }
}

/** True when the row is not known completely at its version, so that a completing read is owed. */
export function owesCompletingRead(state: RecordState): boolean {
  return state.deletedAt === null && !isComplete(state)
}

function isPartOfUnknown(record: MappedRecord): boolean {
  return record.version === null && record.completeness !== 'complete'
}

const blank: RecordState = {
  columns: {},
  customFields: '{}',
  children: {},
  version: null,
  completedVersion: null,
  createdAt: null,
  readAt: null,
  deletedAt: null,
  revision: 0,
}

function withContent(base: RecordState, incoming: IncomingChange, record: MappedRecord): RecordState {
  const version = record.version === null ? base.version : instantOfMillis(record.version)
  // A webhook may carry all but when the record was created: that is enough where it, or that there is none, is known.
  const isCreationUnknown =
    record.createdAt === undefined && base.createdAt === null && base.completedVersion === null
  const completes = record.completeness === 'complete' && !isCreationUnknown
  return {
    ...base,
    columns: { ...base.columns, ...record.columns },
    customFields: record.customFields ?? base.customFields,
    children: { ...base.children, ...record.children },
    version,
    // A type without versions is complete as of the look itself.
    completedVersion: completes ? (version ?? incoming.lookedAt) : base.completedVersion,
    createdAt: typeof record.createdAt === 'number' ? instantOfMillis(record.createdAt) : base.createdAt,
    readAt: readAtAfter(base, incoming),
  }
}

/** Only content moves: the source was not looked at. */
function withStoredContent(base: RecordState, { says }: IncomingChange): RecordState {
  if (says.kind !== 'content') return base
  const { columns, customFields = base.customFields, children } = says.record
  return {
    ...base,
    columns: { ...base.columns, ...columns },
    customFields,
    children: { ...base.children, ...children },
    revision: base.revision + 1,
  }
}

/** A correction also takes a time of reading back that lies in the future, or no later read would ever count. */
function readAtAfter({ readAt }: RecordState, { lookedAt, correction }: IncomingChange): Instant {
  return correction === undefined ? laterOf(readAt, lookedAt) : lookedAt
}

function laterOf(left: Instant | null, right: Instant): Instant {
  return left === null || right > left ? right : left
}

import type { MappedRecord } from '../entities/map-record.ts'
import type { ChangeCause, CorrectedRow, Decision, IncomingChange } from './change.ts'
import { differs } from './content.ts'
import type { Instant } from './instant.ts'
import { isComplete, type RecordState } from './record-state.ts'

/** A webhook whose version lies further ahead than this is not trusted by itself; clocks differ by less. */
const aheadTolerance: Instant = 5 * 60 * 1_000_000

/**
 * The decision table of docs/architecture.md as one pure function: what an incoming change does to the stored record.
 * `now` is the database's time. It reads nothing and writes nothing, so that every ordering can be tried.
 */
export function decide(stored: RecordState | null, incoming: IncomingChange, now: Instant): Decision {
  if (incoming.origin === 'scan') return decideAbsence(stored)
  if (incoming.origin === 'stored') return decideStored(stored, incoming)
  if (incoming.origin === 'webhook') return decideWebhook(stored, incoming, now)
  if (incoming.correction !== undefined) return decideCorrection(stored, incoming, incoming.correction)
  return decideRead(stored, incoming)
}

/** A complete scan did not list it: only a direct read may say that it is gone. */
function decideAbsence(stored: RecordState | null): Decision {
  if (stored === null || stored.deletedAt !== null) return { outcome: 'unchanged', advances: false }
  return { outcome: 'reread', why: 'absent from a complete scan' }
}

/** The row's own body says nothing new of the source: it fills columns of a living row, whatever its version. */
function decideStored(stored: RecordState | null, { says, cause }: IncomingChange): Decision {
  const fills =
    stored !== null && stored.deletedAt === null && says.kind === 'content' && differs(stored, says.record)
  return fills ? { outcome: 'updated', cause } : { outcome: 'unchanged', advances: false }
}

function decideWebhook(stored: RecordState | null, incoming: IncomingChange, now: Instant): Decision {
  if (incoming.says.kind !== 'content') return { outcome: 'reread', why: 'a webhook says it was deleted' }
  const { record } = incoming.says
  const version = versionOf(record)
  if (stored !== null && stored.deletedAt !== null)
    return { outcome: 'reread', why: 'the record is a tombstone' }
  if (record.completeness === 'thin') return { outcome: 'reread', why: 'the body is thin' }
  if (version === null) return { outcome: 'reread', why: 'the body has no version' }
  if (version > now + aheadTolerance) return { outcome: 'reread', why: 'the version lies in the future' }
  if (stored === null) return { outcome: 'created', cause: incoming.cause }
  if (stored.version !== null && version < stored.version) return older
  const changed = differs(stored, record)
  if (stored.version === null && changed) return { outcome: 'reread', why: 'the row has no version' }
  if (stored.version === null || version > stored.version) return newer(changed, incoming.cause)
  if (changed) return { outcome: 'reread', why: 'the same version with other content' }
  return { outcome: 'unchanged', advances: record.completeness === 'complete' && !isComplete(stored) }
}

function decideRead(stored: RecordState | null, incoming: IncomingChange): Decision {
  const { says, cause } = incoming
  if (says.kind !== 'content') {
    if (stored === null) return { outcome: 'deleted', cause }
    if (!isLaterLook(stored, incoming)) return olderLook
    return stored.deletedAt === null
      ? { outcome: 'deleted', cause }
      : { outcome: 'unchanged', advances: true }
  }
  if (stored === null) return { outcome: 'created', cause }
  return decideReadContent(stored, incoming, says.record)
}

function decideReadContent(stored: RecordState, incoming: IncomingChange, record: MappedRecord): Decision {
  const { cause } = incoming
  if (stored.readAt !== null && incoming.lookedAt < stored.readAt) return olderLook
  const version = versionOf(record)
  if (stored.deletedAt !== null) {
    return isLaterLook(stored, incoming) ? { outcome: 'restored', cause } : olderLook
  }
  if (version !== null && stored.version !== null && version < stored.version) return older
  const changed = differs(stored, record)
  if (version !== null && (stored.version === null || version > stored.version)) return newer(changed, cause)
  if (!changed) return { outcome: 'unchanged', advances: true }
  if (!isLaterLook(stored, incoming)) return olderLook
  // Content that moved under one version is drift; but what was never fully known only becomes known.
  return { outcome: 'updated', cause: version !== null && isComplete(stored) ? 'drift' : cause }
}

/** Two direct reads agreed against the row: so heal a false tombstone, a version from the future, a row damaged by hand. */
function decideCorrection(
  stored: RecordState | null,
  incoming: IncomingChange,
  seen: CorrectedRow,
): Decision {
  const asSeen = stored !== null && stored.revision === seen.revision && stored.deletedAt === seen.deletedAt
  if (!asSeen)
    return { outcome: 'stale', why: 'the row changed after the first of the two reads', lookAgain: false }
  if (incoming.says.kind !== 'content') {
    return stored.deletedAt === null
      ? { outcome: 'deleted', cause: 'correction' }
      : { outcome: 'unchanged', advances: true }
  }
  if (stored.deletedAt !== null) return { outcome: 'restored', cause: 'correction' }
  const { record } = incoming.says
  const moved = differs(stored, record) || versionOf(record) !== stored.version
  return moved ? { outcome: 'updated', cause: 'correction' } : { outcome: 'unchanged', advances: true }
}

const older: Decision = { outcome: 'stale', why: 'older than what is stored', lookAgain: false }
const olderLook: Decision = {
  outcome: 'stale',
  why: 'the source was looked at before what is stored',
  lookAgain: true,
}

function newer(changed: boolean, cause: ChangeCause): Decision {
  return changed ? { outcome: 'updated', cause } : { outcome: 'unchanged', advances: true }
}

function isLaterLook(stored: RecordState, incoming: IncomingChange): boolean {
  return stored.readAt === null || incoming.lookedAt > stored.readAt
}

function versionOf(record: MappedRecord): Instant | null {
  return record.version === null ? null : record.version * 1000
}

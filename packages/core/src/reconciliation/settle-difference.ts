import {
  endDifference,
  insertDifferences,
  latestRun,
  lockDifference,
  rememberFirstRead,
  type ClaimedRead,
  type OpenDifference,
  type OwedReadKey,
  type ReadRequest,
  type Transaction,
} from '@tds/db'
import type { EntityDefinition } from '../entities/define-entity.ts'
import type { ChangeResult, RecordChange } from '../sync/apply-changes.ts'
import type { CorrectedRow, Saying } from '../sync/change.ts'
import { readInstant, writeInstant, type Instant } from '../sync/instant.ts'
import { keyText, readStates, type StandingState } from '../sync/stored-states.ts'
import { answerDigest } from './answer-digest.ts'
import { newDifference } from './new-difference.ts'

/** Two direct reads that agree with each other and not with the row must lie at least so far apart. */
const secondReadAfter: Instant = 60 * 1_000_000
/** How often two reads are begun before the difference is left to a person, or to the next run. */
const triesAtMost = 5
/** An answer that something else overtook is asked for again after this. */
const overtakenSeconds = 2

/** An answer about one record by itself, and the difference that is open about it. */
export interface DirectAnswer {
  readonly key: OwedReadKey
  readonly entity: EntityDefinition
  readonly claim: Pick<ClaimedRead, 'sent_at' | 'reason'>
  readonly says: Saying
  /** The answer is about this record alone, and whole. */
  readonly isWhole: boolean
}

/** The change to apply, and the difference of its record that is open. */
export interface PreparedAnswer {
  readonly difference: OpenDifference | null
  readonly change: RecordChange
}

/**
 * Takes the open difference of the record, and makes of the change a correction where this answer is the second of two that
 * agree: then it is applied against the row, if that still stands as the first one found it.
 */
export async function prepareCorrection(
  tx: Transaction,
  answer: DirectAnswer,
  change: RecordChange,
): Promise<PreparedAnswer> {
  const difference = await lockDifference(tx, answer.key)
  if (difference === null) return { difference, change }
  const attributed = { ...change, runId: change.runId ?? difference.run_id }
  const correction = answer.isWhole ? correctionOf(difference, answer) : null
  if (correction === null) return { difference, change: attributed }
  return { difference, change: { ...attributed, correction, says: withVersion(change.says, difference) } }
}

function correctionOf(difference: OpenDifference, { claim, says }: DirectAnswer): CorrectedRow | null {
  const { first_read_at: firstAt, first_answer: first, first_revision: revision } = difference
  if (firstAt === null || revision === null) return null
  if (readInstant(claim.sent_at) - readInstant(firstAt) < secondReadAfter) return null
  if (answerDigest(says) !== first) return null
  return { revision, deletedAt: instantOrNull(difference.first_deleted_at) }
}

/** A detail without a version has that of its list row. */
function withVersion(says: Saying, { their_version: listed }: OpenDifference): Saying {
  if (says.kind !== 'content' || says.record.version !== null || listed === null) return says
  return { kind: 'content', record: { ...says.record, version: Math.floor(readInstant(listed) / 1000) } }
}

/** What is known once the answer was applied. */
export interface AppliedAnswer extends DirectAnswer {
  readonly difference: OpenDifference
  readonly change: RecordChange
  readonly result: ChangeResult
  readonly now: Instant
}

/**
 * Says what becomes of the difference: settled where the row now is as the source says; a second read, a minute later, where
 * the answer spoke against a row that claims to be newer; once more where something overtook the answer. Returns the read that
 * is owed for it, or null.
 */
export async function settleDifference(tx: Transaction, applied: AppliedAnswer): Promise<ReadRequest | null> {
  const { difference, key } = applied
  const stored = (await readStates(tx, applied.entity, [key])).get(keyText(key)) ?? null
  const verdict = verdictOf(applied, stored)
  if (verdict === 'again') return readOf(key, overtakenSeconds)
  if (verdict !== 'against') {
    const note = verdict === 'agreed' ? 'a direct read found none' : null
    await endDifference(tx, difference, { state: verdict, note })
    return null
  }
  // Only an answer about the record by itself may be one of two that are compared.
  return applied.isWhole ? awaitSecond(tx, applied, stored) : readOf(key, overtakenSeconds)
}

type Verdict = 'repaired' | 'agreed' | 'against' | 'again'

function verdictOf(applied: AppliedAnswer, stored: StandingState | null): Verdict {
  const { difference, result, says, now } = applied
  const { decision } = result
  // What came in parts may have left out the very thing that differs.
  if (difference.class === 'damaged' && !applied.isWhole) return 'again'
  if (decision.outcome === 'stale' && decision.lookAgain) {
    return (stored?.readAt ?? 0) > now ? 'against' : 'again'
  }
  if (decision.outcome === 'stale') return 'against'
  if (isAhead(difference, says, stored)) return 'against'
  return hasMoved(difference, stored) || difference.class === 'damaged' ? 'repaired' : 'agreed'
}

/** The row still claims a version that the source does not have. */
function isAhead(difference: OpenDifference, says: Saying, stored: StandingState | null): boolean {
  if (says.kind !== 'content' || stored === null || stored.version === null) return false
  const answered = says.record.version
  const theirs = answered === null ? instantOrNull(difference.their_version) : answered * 1000
  return theirs !== null && stored.version > theirs
}

function hasMoved(difference: OpenDifference, stored: StandingState | null): boolean {
  if (stored === null) return false
  const version = instantOrNull(difference.our_version)
  return stored.revision !== difference.our_revision || stored.version !== version
}

async function awaitSecond(
  tx: Transaction,
  { difference, key, claim, says, change }: AppliedAnswer,
  stored: StandingState | null,
): Promise<ReadRequest | null> {
  const sentAt = readInstant(claim.sent_at)
  const { first_read_at: firstAt } = difference
  if (firstAt !== null && change.correction === undefined && difference.first_answer === answerDigest(says)) {
    const since = sentAt - readInstant(firstAt)
    if (since < secondReadAfter) return readOf(key, secondsLeft(since))
  }
  if (difference.tries >= triesAtMost) {
    const note = 'no two reads agreed while the row stood still'
    await endDifference(tx, difference, { state: 'left', note })
    return null
  }
  await rememberFirstRead(tx, difference.id, {
    readAt: claim.sent_at,
    answer: answerDigest(says),
    revision: stored?.revision ?? 0,
    deletedAt: stored?.deletedAt == null ? null : writeInstant(stored.deletedAt),
  })
  return readOf(key, secondsLeft(0))
}

/** One more than needed: the two reads must not be a moment too close. */
function secondsLeft(since: Instant): number {
  return Math.ceil((secondReadAfter - since) / 1_000_000) + 1
}

function readOf(key: OwedReadKey, delaySeconds: number): ReadRequest {
  const { organizationId, entityType, zohoId } = key
  return { organizationId, entityType, zohoId, reason: 'reconciliation', eventId: null, delaySeconds }
}

/** The mode of the runs that owe reads of reason `verification`. */
export const fullMode = 'full'

/**
 * Opens a difference for what a look in turn found: changed by it, and then settled at once; or standing against it, and then
 * to be confirmed. Null where the look found nothing, or no run owed it any more.
 */
export async function differenceOfLook(
  tx: Transaction,
  { key, entity, says, result }: Omit<AppliedAnswer, 'difference'>,
): Promise<OpenDifference | null> {
  const { applied, decision } = result
  const isAgainst = decision.outcome === 'stale' && !decision.lookAgain
  if (applied === null && !isAgainst) return null
  const runId = await latestRun(tx, { ...key, mode: fullMode })
  if (runId === null) return null
  const stored = (await readStates(tx, entity, [key])).get(keyText(key)) ?? null
  const before = applied === null ? stored : applied.before
  const record = says.kind === 'content' ? says.record : null
  const found = newDifference(
    entity,
    {
      zohoId: key.zohoId,
      class: isAgainst ? 'ahead' : record === null ? 'missing_in_zoho' : 'different',
      fields: result.fields,
      stored: before,
      theirVersion: record?.version == null ? null : record.version * 1000,
      theirColumns: record?.columns ?? null,
    },
    { evidence: undefined, state: 'found', note: null },
  )
  const owner = { runId, organizationId: key.organizationId, entityType: key.entityType }
  await insertDifferences(tx, owner, [{ ...found, probableCause: causeOfLook(found.class) }])
  return lockDifference(tx, key)
}

function causeOfLook(kind: string): string {
  if (kind === 'different')
    return 'found by a full read: changed where lists show nothing, or without a delivery'
  return kind === 'ahead'
    ? 'the version was written by hand, or Zoho went back to an older one'
    : 'deleted in Zoho without a delivery'
}

function instantOrNull(text: string | null): Instant | null {
  return text === null ? null : readInstant(text)
}

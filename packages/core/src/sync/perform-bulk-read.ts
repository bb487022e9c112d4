import { readAlone, type ClaimedRead, type DueRead } from '@tds/db'
import { TdsError } from '@tds/runtime'
import type { EntityDefinition } from '../entities/define-entity.ts'
import { readRecord } from '../entities/map-record.ts'
import { failureOf } from '../inbox/failure.ts'
import type { ExactObject } from '../json/index.ts'
import { admitCall, boundedCall, claimForCall } from './bounded-call.ts'
import { postpone } from './fail-read.ts'
import { persist } from './persist.ts'
import { readKinds } from './read-reasons.ts'
import { claimSeconds, type ReadingParts, type ReadOutcome, type ReadReport } from './reading.ts'
import { settleAnswer } from './settle-answer.ts'

/** Due reads of one type and organisation, as many as one call may ask for. */
export interface BulkTask {
  readonly organizationId: string
  readonly entity: EntityDefinition
  readonly due: readonly DueRead[]
}

/**
 * Performs many owed reads with one call, and settles each like a read of its own. What the answer lacks is owed a read
 * by itself, because only the source's word about that record may make a tombstone; and a key that a record of such an
 * answer lacks says nothing, because nobody has promised that it has all that a detail has.
 */
export async function performBulkRead(
  parts: ReadingParts,
  { organizationId, entity, due }: BulkTask,
  signal: AbortSignal,
): Promise<ReadReport[]> {
  const [first] = due
  if (first === undefined) return []
  using bound = boundedCall(signal)
  const { lane } = readKinds[first.reason]
  const admitted = await admitCall(parts.source, { organizationId, entity, lane, signal: bound.signal })
  if (admitted.call === null) {
    const { waitMs } = admitted.refusal
    return due.map(({ reason }) => ({ outcome: 'held', reason, waitMs }))
  }
  const { call } = admitted
  const startedAt = performance.now()
  const claims = await claimForCall(parts, due, call)
  if (claims.length === 0) return []
  bound.endAfter(claimSeconds * 1000)
  let found: ReadonlyMap<string, ExactObject>
  try {
    found = await call.readMany(claims.map((claim) => claim.zohoId))
  } catch (error) {
    return report(claims, await failAll(parts, claims, { error, signal }))
  }
  const reports: ReadReport[] = []
  const lacking: ClaimedRead[] = []
  for (const claim of claims) {
    const record = found.get(claim.zohoId)
    if (record === undefined || isThin(entity, record)) {
      lacking.push(claim)
      continue
    }
    const inHand = { key: claim, entity, claim, startedAt, signal }
    const answer = { kind: 'found', record } as const
    const outcome = await settleAnswer(parts, { ...inHand, answer, shape: 'webhook' })
    reports.push({ outcome, reason: claim.reason })
  }
  const why = 'an answer about many records lacked this one'
  return [...reports, ...report(lacking, await giveBackAlone(parts, lacking, { why, signal }))]
}

/** A value that cannot be read makes no body thin: settling gives it up with its name. */
function isThin(entity: EntityDefinition, record: ExactObject): boolean {
  try {
    return readRecord(entity, record, 'webhook').completeness === 'thin'
  } catch (error) {
    if (error instanceof TdsError) return false
    throw error
  }
}

/** One unusable record spoils the answer for all: then each is read by itself, and only the guilty one fails. */
async function failAll(
  parts: ReadingParts,
  claims: readonly ClaimedRead[],
  { error, signal }: { readonly error: unknown; readonly signal: AbortSignal },
): Promise<ReadOutcome> {
  const failure = failureOf(error)
  if (error instanceof TdsError && error.disposition === 'dead-letter') {
    return giveBackAlone(parts, claims, { why: `${failure.code}: ${failure.message}`, signal })
  }
  await persist(() => postpone(parts, claims, { claims, error, failure, isPermanent: false }), {
    forMs: claimSeconds * 1000,
    signal,
  })
  return 'postponed'
}

async function giveBackAlone(
  parts: ReadingParts,
  claims: readonly ClaimedRead[],
  { why, signal }: { readonly why: string; readonly signal: AbortSignal },
): Promise<ReadOutcome> {
  const { daemonId } = parts.mover
  if (claims.length > 0) {
    await persist(() => readAlone(parts.db, claims, { daemonId, why }), {
      forMs: claimSeconds * 1000,
      signal,
    })
  }
  return 'alone'
}

function report(claims: readonly ClaimedRead[], outcome: ReadOutcome): ReadReport[] {
  return claims.map(({ reason }) => ({ outcome, reason }))
}

import { dueRead, type OwedReadKey } from '@tds/db'
import { entityOf } from '../entities/index.ts'
import { admitCall, boundedCall, claimForCall } from './bounded-call.ts'
import { failRead } from './fail-read.ts'
import { holdForLimit, holdRefused } from './hold-read.ts'
import { readKinds } from './read-reasons.ts'
import { claimSeconds, type ReadInHand, type ReadingParts, type ReadReport } from './reading.ts'
import type { RecordAnswer } from './record-source.ts'
import { settleAnswer } from './settle-answer.ts'

/**
 * Performs the read that a record is owed: waits until the source may be called, claims the read durably, asks with no
 * transaction open, then applies the answer and settles every event that was received before the request was sent, in
 * one transaction.
 */
export async function performRead(
  parts: ReadingParts,
  key: OwedReadKey,
  signal: AbortSignal,
): Promise<ReadReport> {
  const entity = entityOf(key.entityType)
  const due = entity === undefined ? null : await dueRead(parts.db, key)
  if (entity === undefined || due === null) return { outcome: 'not-due', reason: null }
  if (due.limitedSeconds !== null) return holdForLimit(parts, due, due.limitedSeconds)
  using bound = boundedCall(signal, parts.stopping)
  const admitted = await admitCall(parts.source, {
    organizationId: due.organizationId,
    entity,
    lane: readKinds[due.reason].lane,
    signal: bound.signal,
  })
  if (admitted.call === null) return await holdRefused(parts, due, admitted.refusal)
  const [claim] = await claimForCall(parts, [key], admitted.call)
  if (claim === undefined) return { outcome: 'not-due', reason: due.reason }
  bound.endAfter(claimSeconds * 1000)
  const inHand: ReadInHand = { key, entity, claim, startedAt: performance.now(), signal }
  let answer: RecordAnswer
  try {
    answer = await admitted.call.read(key.zohoId)
  } catch (error) {
    return { outcome: await failRead(parts, { ...inHand, error, record: null }), reason: claim.reason }
  }
  return { outcome: await settleAnswer(parts, { ...inHand, answer, shape: 'detail' }), reason: claim.reason }
}

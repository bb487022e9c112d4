import { holdRead, patientReasons, readsPerHour, type DueRead } from '@tds/db'
import { TdsError } from '@tds/runtime'
import { sendReads } from './ask-for-reads.ts'
import type { ReadingParts, ReadReport } from './reading.ts'

/** Why the source may not be called yet, and for how long. */
export interface Refusal {
  readonly why: string
  readonly waitMs: number
}

/** How long is waited where the one who refuses does not say. */
const usualWaitMs = 5_000
/** Share by which a wait is lengthened at random, so that those who were refused together do not return together. */
const jitter = 0.2

/** Reads a refusal out of what `admit` threw; null for errors that say nothing about waiting. */
export function refusalOf(error: unknown): Refusal | null {
  if (!(error instanceof TdsError) || error.disposition === 'dead-letter') return null
  const waitMs = askedToWaitMs(error) || usualWaitMs
  return { why: `${error.code}: ${error.message}`, waitMs: Math.round(waitMs * (1 + Math.random() * jitter)) }
}

/** How long the source itself asks to be left alone, in ms: a quota that ends, a throttled token. 0 where it does not. */
export function askedToWaitMs(error: unknown): number {
  const asked = error instanceof TdsError ? error.facts['retryAfterMs'] : undefined
  return typeof asked === 'number' && Number.isFinite(asked) && asked > 0 ? asked : 0
}

/**
 * Lets a read wait that the budget or an outage does not allow: no claim, no attempt, one look for each wait. Reads for
 * which no event waits stay as they are, because thousands may be owed: their loop leaves the type alone for that long.
 */
export async function holdRefused(
  parts: Pick<ReadingParts, 'db' | 'queue'>,
  due: DueRead,
  refusal: Refusal,
): Promise<ReadReport> {
  const { waitMs, why } = refusal
  if (!patientReasons.includes(due.reason)) await holdFor(parts, due, { delaySeconds: waitMs / 1000, why })
  return { outcome: 'held', reason: due.reason, waitMs }
}

/** Lets a read wait whose record was read too often within an hour. */
export async function holdForLimit(
  parts: Pick<ReadingParts, 'db' | 'queue'>,
  due: DueRead,
  delaySeconds: number,
): Promise<ReadReport> {
  const limit = patientReasons.includes(due.reason) ? readsPerHour.patient : readsPerHour.urgent
  await holdFor(parts, due, {
    delaySeconds,
    why: `read_limit: the record was read ${String(limit)} times within an hour`,
  })
  return { outcome: 'held', reason: due.reason }
}

async function holdFor(
  parts: Pick<ReadingParts, 'db' | 'queue'>,
  due: DueRead,
  o: { readonly delaySeconds: number; readonly why: string },
): Promise<void> {
  await parts.db.transaction(async (tx) => {
    await holdRead(tx, due, o)
    await sendReads(parts.queue, tx, [{ ...due, delaySeconds: o.delaySeconds }])
  })
}

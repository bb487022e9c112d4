import { claimReads, type ClaimedRead, type OwedReadKey } from '@tds/db'
import { refusalOf, type Refusal } from './hold-read.ts'
import { claimSeconds, type ReadingParts } from './reading.ts'
import type { AdmittedCall, CallWish, RecordSource } from './record-source.ts'

/** A call that ends before its claim does, because then another daemon may make it. */
export interface BoundedCall extends Disposable {
  readonly signal: AbortSignal
  /** Aborts the call a little before so many milliseconds from now are over. */
  endAfter(ms: number): void
}

/** Of a claim, what is kept for writing the answer down. */
const marginMs = 3_000

/**
 * Makes a signal that follows `outer`, and `waiting` as long as there is no claim: a daemon that stops waits no longer for
 * its turn, but finishes the call that it has begun. Once the claim is there, it can be given an end.
 */
export function boundedCall(outer: AbortSignal, waiting?: AbortSignal): BoundedCall {
  const end = new AbortController()
  const endWaiting = (): void => {
    end.abort(new Error('the daemon stops, and waits no longer for its turn'))
  }
  if (waiting?.aborted === true) endWaiting()
  waiting?.addEventListener('abort', endWaiting)
  let timer: NodeJS.Timeout | undefined
  return {
    signal: AbortSignal.any([outer, end.signal]),
    endAfter: (ms) => {
      waiting?.removeEventListener('abort', endWaiting)
      timer = setTimeout(() => {
        end.abort(new Error('the call took longer than its claim'))
      }, ms - marginMs)
    },
    [Symbol.dispose]: () => {
      waiting?.removeEventListener('abort', endWaiting)
      clearTimeout(timer)
    },
  }
}

/** The right to make a call, or why there is none yet. */
export type Admission = { readonly call: AdmittedCall } | { readonly call: null; readonly refusal: Refusal }

/** Waits until the source may be called; nothing is claimed meanwhile. Throws what is no refusal, or the end of waiting. */
export async function admitCall(source: RecordSource, wish: CallWish): Promise<Admission> {
  try {
    return { call: await source.admit(wish) }
  } catch (error) {
    const refusal = refusalOf(error)
    if (refusal === null || wish.signal.aborted) throw error
    return { call: null, refusal }
  }
}

/** Claims what is still due, committed before the call goes out; where that is nothing, the right to call is given back. */
export async function claimForCall(
  parts: Pick<ReadingParts, 'db' | 'mover'>,
  keys: readonly OwedReadKey[],
  call: AdmittedCall,
): Promise<ClaimedRead[]> {
  let claims: ClaimedRead[] = []
  try {
    const { daemonId } = parts.mover
    claims = await claimReads(parts.db, keys, { daemonId, ttlSeconds: claimSeconds })
  } finally {
    if (claims.length === 0) await call.release()
  }
  return claims
}

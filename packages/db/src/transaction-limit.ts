import { childLogger, TdsError } from '@tds/runtime'

const log = childLogger('db:transaction')

/**
 * Waits for the work of a transaction, but no longer than its limit: PostgreSQL before 17 has none of its own. A process that
 * was frozen learns of it first thing when it wakes up, before it writes anything.
 *
 * @throws TdsError `transaction_too_long`; `giveUp` has been told it before.
 */
export async function withinLimit<T>(
  work: Promise<T>,
  limitMs: number | undefined,
  giveUp: (error: TdsError) => void,
): Promise<T> {
  if (limitMs === undefined) return work
  let timer: NodeJS.Timeout | undefined
  const over = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      const error = tooLong(limitMs)
      log.warn('a transaction was too long and is rolled back', { limitMs })
      giveUp(error)
      reject(error)
    }, limitMs)
  })
  // What it still does fails on the closed connection, and nobody waits for it any more.
  work.catch(() => undefined)
  try {
    return await Promise.race([work, over])
  } finally {
    clearTimeout(timer)
  }
}

function tooLong(limitMs: number): TdsError {
  return new TdsError(`a transaction took longer than ${String(limitMs / 1000)} s and was rolled back`, {
    code: 'transaction_too_long',
    disposition: 'retry',
    nextStep:
      'Nothing at once: the work is tried again in smaller parts. If it stays, look for slow statements and for a process that was stopped.',
    facts: { limitMs },
  })
}

import { setImmediate as nextTurn } from 'node:timers/promises'

/** A body above this takes a noticeable part of the 200 ms for which nothing may block the event loop. */
const largeBytes = 128 * 1024

let last: Promise<unknown> = Promise.resolve()

/**
 * The moment at which a large body may be read, and undefined for a small one, which need not wait. Several large ones
 * that arrive together are read one in each turn of the event loop, so that the others between them are served: the
 * loop hands over all of them in one turn.
 */
export function turnForLarge(bytes: number): Promise<unknown> | undefined {
  if (bytes < largeBytes) return undefined
  last = last.then(() => nextTurn())
  return last
}

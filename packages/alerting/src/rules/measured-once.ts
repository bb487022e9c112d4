import type { Queryable } from '@tds/db'

const answers = new WeakMap<Queryable, Map<unknown, Promise<unknown>>>()

/** Measures at most once in a transaction what several rules look at. */
export function measuredOnce<T>(tx: Queryable, measure: (tx: Queryable) => Promise<T>): Promise<T> {
  const ofPass = answers.get(tx) ?? new Map<unknown, Promise<unknown>>()
  answers.set(tx, ofPass)
  const held = ofPass.get(measure) as Promise<T> | undefined
  if (held !== undefined) return held
  const answer = measure(tx)
  ofPass.set(measure, answer)
  return answer
}

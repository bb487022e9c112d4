/** A number held against a threshold. */
export interface Compared {
  readonly value: number
  readonly threshold: number
  readonly breaches: boolean
  readonly holds: boolean
}

/** Holds a number against a threshold: what equals it does not breach. What fires goes on until it is no longer above `clearAt`. */
export function above(value: number, threshold: number, clearAt = threshold): Compared {
  return { value, threshold, breaches: value > threshold, holds: value > Math.min(clearAt, threshold) }
}

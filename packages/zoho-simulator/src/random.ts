/** A source of chance that repeats itself: the same seed gives the same world. */
export interface Random {
  /** From 0 up to, but not including, 1. */
  fraction(): number
  /** A whole number from low to high, both included. */
  between(low: number, high: number): number
  chance(probability: number): boolean
  /** One of a list; throws RangeError if it is empty. */
  pick<T>(list: readonly T[]): T
  /** A key, as often as its weight; throws RangeError if no weight is above 0. */
  weighted<K extends string>(weights: Readonly<Partial<Record<K, number>>>): K
  /** A shuffled copy. */
  shuffled<T>(list: readonly T[]): T[]
}

/** Makes a source of chance from a seed of any number of parts. */
export function seededRandom(...seed: (string | number)[]): Random {
  const next = smallFastCounter(seed.join('\u0000'))
  const fraction = () => next() / 0x1_0000_0000
  const between = (low: number, high: number) => low + Math.floor(fraction() * (high - low + 1))
  return {
    fraction,
    between,
    chance: (probability) => fraction() < probability,
    pick: (list) => pickAt(list, between(0, list.length - 1)),
    weighted: (weights) => pickByWeight(weights, fraction()),
    shuffled: (list) => shuffle([...list], between),
  }
}

function pickAt<T>(list: readonly T[], index: number): T {
  if (index < 0 || index >= list.length) throw new RangeError('There is nothing to pick from.')
  return list[index] as T
}

function pickByWeight<K extends string>(weights: Readonly<Partial<Record<K, number>>>, at: number): K {
  const entries = (Object.entries(weights) as [K, number][]).filter(([, weight]) => weight > 0)
  let left = at * entries.reduce((total, [, weight]) => total + weight, 0)
  for (const [key, weight] of entries) {
    left -= weight
    if (left < 0) return key
  }
  const last = entries.at(-1)
  if (last === undefined) throw new RangeError('No weight is above 0.')
  return last[0]
}

function shuffle<T>(list: T[], between: (low: number, high: number) => number): T[] {
  for (let last = list.length - 1; last > 0; last--) {
    const other = between(0, last)
    const held = list[last] as T
    list[last] = list[other] as T
    list[other] = held
  }
  return list
}

/** Chris Doty-Humphrey's sfc32: 32 bits at a time, good enough for a made-up world, and quick. */
function smallFastCounter(seed: string): () => number {
  const hash = textHash(seed)
  let a = hash()
  let b = hash()
  let c = hash()
  let counter = 1
  const next = () => {
    const result = (a + b + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = ((c << 21) | (c >>> 11)) + result
    return result >>> 0
  }
  for (let warmUp = 0; warmUp < 12; warmUp++) next()
  return next
}

function textHash(text: string): () => number {
  let hash = 1779033703 ^ text.length
  for (const character of text) {
    hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 3432918353)
    hash = (hash << 13) | (hash >>> 19)
  }
  return () => {
    hash = Math.imul(hash ^ (hash >>> 16), 2246822507)
    hash = Math.imul(hash ^ (hash >>> 13), 3266489909)
    return (hash ^= hash >>> 16) >>> 0
  }
}

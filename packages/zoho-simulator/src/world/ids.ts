import type { Random } from '../random.ts'

/** Hands out ids as Zoho makes them: 18 digits, rising, far beyond what a double tells apart. */
export type NextId = () => string

/** Starts a run of ids: neighbours differ by less than a double can see at this height. */
export function idSequence(random: Random): NextId {
  let last = 460_320_000_010_000_007n
  return () => {
    last += BigInt(random.between(1, 9) * 2)
    return last.toString()
  }
}

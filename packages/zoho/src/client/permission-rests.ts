import type { Clock } from '@tds/runtime'
import type { ZohoAnswer } from './answer.ts'
import { restAfterRefusalMs } from './token-fault.ts'

/** What our token may not read, so that not every record of such a type costs a call. */
export interface PermissionRests {
  /** The answer that is known beforehand, or null where a call must find out. Of many that ask after a rest, one finds out. */
  refusalOf(purpose: string): ZohoAnswer | null
  refuse(purpose: string, answer: ZohoAnswer): void
  allow(purpose: string): void
}

interface Rest {
  readonly answer: ZohoAnswer
  readonly untilMs: number
}

/** Remembers refusals of this process, each for five minutes. */
export function permissionRests(clock: Clock): PermissionRests {
  const rests = new Map<string, Rest>()
  const refuse = (purpose: string, answer: ZohoAnswer): void => {
    rests.set(purpose, { answer, untilMs: clock.monotonicMs() + restAfterRefusalMs })
  }
  return {
    refusalOf: (purpose) => {
      const rest = rests.get(purpose)
      if (rest === undefined) return null
      if (clock.monotonicMs() < rest.untilMs) return rest.answer
      refuse(purpose, rest.answer)
      return null
    },
    refuse,
    allow: (purpose) => {
      rests.delete(purpose)
    },
  }
}

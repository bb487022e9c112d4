import type { Clock } from '@tds/runtime'
import type { CallPass } from '../calls/gate.ts'
import { answered, type BudgetWorld } from './budget-world.ts'

/** A Zoho that notes when each call reached it and how many it had at once. */
export interface StrictZoho {
  /** Makes a call that takes so long there and back. */
  call(pass: CallPass, latencyMs: number): Promise<void>
  arrivals(): readonly number[]
  mostAtOnce(): number
}

/** Makes one whose time is that of the world's database. */
export function strictZoho(world: BudgetWorld, clock: Clock): StrictZoho {
  const arrivals: number[] = []
  let current = 0
  let most = 0
  return {
    call: async (pass, latencyMs) => {
      await clock.sleep(latencyMs / 2)
      current += 1
      most = Math.max(most, current)
      arrivals.push((await world.clock.now()).getTime())
      await clock.sleep(latencyMs / 2)
      current -= 1
      await pass.finish(answered())
    },
    arrivals: () => arrivals,
    mostAtOnce: () => most,
  }
}

/** The most arrivals that any window of so many milliseconds holds, wherever it begins. */
export function mostWithin(arrivals: readonly number[], windowMs: number): number {
  const sorted = [...arrivals].sort((a, b) => a - b)
  let first = 0
  let most = 0
  for (const [index, arrival] of sorted.entries()) {
    while ((sorted[first] ?? 0) <= arrival - windowMs) first += 1
    most = Math.max(most, index - first + 1)
  }
  return most
}

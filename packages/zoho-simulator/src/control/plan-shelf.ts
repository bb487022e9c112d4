import { InvalidInputError } from '../invalid-input-error.ts'
import type { Plan } from '../webhooks/plan.ts'

/** Plans that wait to be sent. */
export interface PlanShelf {
  add(plan: Plan): string
  /** Throws InvalidInputError where there is none of that name. */
  get(name: string): Plan
}

/** Keeps the last plans made over HTTP until they are sent. */
export function planShelf(): PlanShelf {
  const plans = new Map<string, Plan>()
  let made = 0
  return {
    add: (plan) => {
      const name = `plan-${++made}`
      plans.set(name, plan)
      plans.delete(`plan-${made - 20}`)
      return name
    },
    get: (name) => {
      const plan = plans.get(name)
      if (plan === undefined) throw new InvalidInputError(`There is no plan ${name}; the last 20 are kept`)
      return plan
    },
  }
}

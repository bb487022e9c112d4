import type { CallLane } from '@tds/core'
import type { TdsError } from '@tds/runtime'
import type { Fault } from '../client/fault.ts'

/** A wish to make one call to the API. */
export interface CallRequest {
  readonly organizationId: string
  readonly lane: CallLane
  /** What the call is counted under: the type of the record it is about. */
  readonly purpose: string
  readonly signal: AbortSignal
}

/** What the three headers say about the organisation's day; they count all its users, not only us. */
export interface DayQuota {
  /** Calls that the plan allows a day. */
  readonly limit: number
  readonly remaining: number
  /** Seconds until the day ends in the organisation's time zone. */
  readonly resetSeconds: number
}

/** What became of a call: Zoho answered, well or not, or the way there failed. */
export type CallOutcome =
  | {
      readonly kind: 'answered'
      readonly status: number
      /** Zoho's own code, or null where the body has none. */
      readonly code: string | null
      /** Null for a success. */
      readonly fault: Fault | null
      readonly quota: DayQuota | null
      /** How long Zoho, or what is known of the fault, asks to wait. */
      readonly retryAfterMs: number | null
    }
  | { readonly kind: 'failed'; readonly error: TdsError }

/** The right to make one call. One of the two is called, once; neither throws. */
export interface CallPass {
  finish(outcome: CallOutcome): Promise<void>
  /** No call was made after all. */
  release(): Promise<void>
}

/** Something that decides when a call may go out, and learns what became of it. */
export interface CallGate {
  /**
   * Waits for the right to make one call.
   * Throws TdsError with disposition `retry` and `facts.retryAfterMs` where the wait is too long, `reject` where a person
   * must act first.
   */
  enter(request: CallRequest): Promise<CallPass>
}

/** Several gates as one: entered in this order, and told in the reverse. */
export function gatesInRow(gates: readonly CallGate[]): CallGate {
  return {
    enter: async (request) => {
      const passes: CallPass[] = []
      try {
        for (const gate of gates) passes.unshift(await gate.enter(request))
      } catch (error) {
        await Promise.all(passes.map((pass) => pass.release()))
        throw error
      }
      return {
        finish: async (outcome) => {
          for (const pass of passes) await pass.finish(outcome)
        },
        release: async () => {
          for (const pass of passes) await pass.release()
        },
      }
    },
  }
}

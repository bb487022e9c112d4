import type { CallAdmission } from '@tds/db'
import { TdsError } from '@tds/runtime'
import type { CallRequest } from './gate.ts'

/** When asking again is of use, if nobody knows better. */
const usualWaitMs = 1000

/** No call was to be had for as long as one waits. */
export function budgetWait(request: CallRequest, answer: CallAdmission | null): TdsError {
  return new TdsError('No call to Zoho was to be had in time.', {
    code: 'zoho_budget_wait',
    disposition: 'retry',
    nextStep:
      'It is tried again by itself; if it stays, see in the check zoho-budget what takes the calls, and in tds_v_calls_by_purpose what they were for.',
    facts: {
      ...factsOf(request),
      blockedBy: answer?.blocked_by ?? 'unknown',
      retryAfterMs: Math.ceil(Math.max(usualWaitMs, answer?.wait_ms ?? 0)),
    },
  })
}

/** Whoever asked is being stopped. */
export function waitEnded(request: CallRequest): TdsError {
  return new TdsError('The wait for a call to Zoho was ended.', {
    code: 'zoho_budget_wait',
    disposition: 'retry',
    nextStep: 'Nothing: the daemon is being stopped, and the work is done after its start.',
    facts: { ...factsOf(request), blockedBy: 'stop', retryAfterMs: usualWaitMs },
  })
}

/** Nobody may call before the day ends. */
export function quotaExhausted(request: CallRequest, answer: CallAdmission): TdsError {
  return new TdsError('The calls of the day to Zoho are used up.', {
    code: 'zoho_quota_exhausted',
    disposition: 'retry',
    nextStep: 'It goes on by itself when the day ends in the time zone of the organisation; or buy calls.',
    facts: dayFacts(request, answer),
  })
}

/** What is left of the day is kept, for now, for more urgent calls. */
export function laneExhausted(request: CallRequest, answer: CallAdmission): TdsError {
  return new TdsError('The calls to Zoho that are left of the day are kept for more urgent lanes.', {
    code: 'zoho_quota_exhausted',
    disposition: 'retry',
    nextStep:
      'It goes on by itself as the day goes by; or lower the setting call_reserve_share, or buy calls.',
    facts: dayFacts(request, answer),
  })
}

function dayFacts(request: CallRequest, answer: CallAdmission): Record<string, unknown> {
  return {
    ...factsOf(request),
    blockedBy: 'day',
    retryAfterMs: Math.ceil(Math.max(usualWaitMs, answer.day_wait_ms ?? 0)),
  }
}

function factsOf({ organizationId, lane, purpose }: CallRequest): Record<string, unknown> {
  return { organizationId, lane, purpose }
}

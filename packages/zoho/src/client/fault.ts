import type { CallWish } from '@tds/core'
import { TdsError, type Disposition } from '@tds/runtime'
import { unreadableAnswer, type ZohoAnswer } from './answer.ts'
import { restAfterRefusalMs } from './token-fault.ts'

/**
 * What is wrong with an answer. `not-there`: Zoho says that the record does not exist. `token`: the token was refused,
 * which a new one may heal. `hidden`: the record exists, but not for us. `path`: our address is wrong.
 */
export type Fault =
  | 'not-there'
  | 'token'
  | 'hidden'
  | 'path'
  | 'rate'
  | 'quota'
  | 'outage'
  | 'unreadable'
  | 'organization'
  | 'refused'

/**
 * Finds the fault of an answer, or null when it is a success. Zoho's code is looked at first and the status second,
 * because codes arrive with more than one status (docs/reference/zoho.md, errors).
 */
export function faultOf(answer: ZohoAnswer): Fault | null {
  const { status, code, message, unreadable } = answer
  const known = code === null ? undefined : faultsByCode.get(code)
  if (known !== undefined) return known
  // A tombstone must not hang on a code alone: only a 404 says that a record is not there.
  if (code === '1002' && status === 404) return /not accessible/i.test(message) ? 'hidden' : 'not-there'
  // 5 is an unknown path, which is our mistake, as well as an unknown id: only the id's own message counts.
  if (code === '5') return status === 404 && /resource for the given id/i.test(message) ? 'not-there' : 'path'
  // JSON without a code is somebody else's: Zoho's good answers all have it.
  const isSuccess = status >= 200 && status < 300 && code === '0'
  return isSuccess && unreadable === null ? null : faultOfStatus(answer)
}

const faultsByCode: ReadonlyMap<string, Fault> = new Map<string, Fault>([
  ['14', 'token'],
  ['57', 'token'],
  ['43', 'rate'],
  ['44', 'rate'],
  ['1070', 'rate'],
  ['45', 'quota'],
  ['1000', 'outage'],
])

function faultOfStatus({ status, code, message, unreadable }: ZohoAnswer): Fault {
  if (status === 401) return 'token'
  if (status === 429) return 'rate'
  if (status >= 500) return 'outage'
  // Redirects are refused: whatever stands in one, it is not Zoho's answer to us.
  if (status >= 300 && status < 400) return 'unreadable'
  if (unreadable !== null || (code === null && status < 400)) return 'unreadable'
  return /organi[sz]ation/i.test(message) ? 'organization' : 'refused'
}

/** The error that a fault becomes; `facts.retryAfterMs` says when asking again is of use, where that is known. */
export function errorOf(
  fault: Exclude<Fault, 'not-there'>,
  answer: ZohoAnswer,
  request: RequestSubject,
): TdsError {
  const { status, code, message } = answer
  const facts = {
    status,
    zohoCode: code,
    zohoMessage: message,
    entity: request.entity.type,
    zohoId: request.zohoId,
  }
  if (fault === 'unreadable') return unreadableAnswer(answer.unreadable, facts)
  // A wrong organisation shows itself as an authorisation fault with status 400.
  const { problem, ...rest } = errors[fault === 'token' && status === 400 ? 'organization' : fault]
  const retryAfterMs = waitAfter(fault, answer)
  return new TdsError(`Zoho ${problem} (status ${status}, code ${code ?? 'none'}).`, {
    ...rest,
    facts: retryAfterMs === undefined ? facts : { ...facts, retryAfterMs },
  })
}

/** What an answer is about: a kind of thing, and which of its records; null where it is a list. */
export interface RequestSubject {
  readonly entity: { readonly type: string }
  readonly zohoId: string | null
}

/** Which record an answer is about; null where it is a list. */
export interface RecordRequest extends RequestSubject {
  readonly entity: CallWish['entity']
}

/** How long to wait in ms before asking again is of use, where somebody knows. */
export function waitAfter(fault: Fault, answer: ZohoAnswer): number | undefined {
  return waits[fault]?.(answer)
}

interface ErrorText {
  readonly code: string
  readonly disposition: Disposition
  readonly problem: string
  readonly nextStep: string
}

const errors: Readonly<Record<Exclude<Fault, 'not-there' | 'unreadable'>, ErrorText>> = {
  token: {
    code: 'zoho_permission',
    disposition: 'reject',
    problem: 'refuses this type of record to a token that it has just issued',
    nextStep:
      'Check that the refresh token has the scopes for this type of record and that its user may see it. A new scope needs a new refresh token; then everything goes on by itself.',
  },
  hidden: {
    code: 'zoho_not_accessible',
    disposition: 'dead-letter',
    problem: 'does not show this record to our user',
    nextStep: "Give the refresh token's user access to the record in Zoho, then replay.",
  },
  path: {
    code: 'zoho_path',
    disposition: 'reject',
    problem: 'does not know the address',
    nextStep:
      'Check ZOHO_API_URL and the organisation’s plan; otherwise the path of this kind of record has changed.',
  },
  rate: {
    code: 'zoho_rate_limited',
    disposition: 'retry',
    problem: 'asks us to slow down',
    nextStep:
      'It is asked again by itself; if it stays, lower ZOHO_CALLS_PER_MINUTE or look for other users of the organisation.',
  },
  quota: {
    code: 'zoho_quota_exhausted',
    disposition: 'retry',
    problem: 'allows no more calls today',
    nextStep: 'It goes on by itself when the day ends in the time zone of the organisation; or buy calls.',
  },
  outage: {
    code: 'zoho_unavailable',
    disposition: 'retry',
    problem: 'failed',
    nextStep: 'It is asked again by itself; if it stays, look at the status page of Zoho.',
  },
  organization: {
    code: 'zoho_organization',
    disposition: 'reject',
    problem: 'refuses the organisation',
    nextStep:
      'Check ZOHO_ORGANIZATION_ID, and that the refresh token is of a user of that organisation; then replay.',
  },
  refused: {
    code: 'zoho_refused',
    disposition: 'dead-letter',
    problem: 'refuses the request',
    nextStep: 'Look up the code in the reference of Zoho’s API; when its cause is gone, replay.',
  },
}

/** How long to wait, where somebody knows: Zoho's header if it sends one, else what integrators found. */
const waits: Readonly<Partial<Record<Fault, (answer: ZohoAnswer) => number>>> = {
  // Asking sooner is of no use: the answer would come from memory.
  token: () => restAfterRefusalMs,
  rate: (answer) => secondsIn(answer, 'retry-after') ?? rateWaitMs(answer.code),
  // Seconds until midnight in the time zone of the organisation.
  quota: (answer) => secondsIn(answer, 'x-rate-limit-reset') ?? 3_600_000,
}

function rateWaitMs(code: string | null): number {
  if (code === '43') return 300_000
  return code === '1070' ? 5_000 : 60_000
}

function secondsIn({ headers }: ZohoAnswer, name: string): number | undefined {
  const value = headers[name]
  return value !== undefined && /^\d{1,6}$/.test(value) ? Number(value) * 1000 : undefined
}

import {
  internalError,
  invalidUrl,
  notAccessible,
  notAuthorized,
  notThere,
  shortBlock,
  tooManyAtOnce,
  tooManyInMinute,
  tooManyToday,
  type Answer,
} from '../http/answer.ts'
import { accessDenied } from '../http/oauth.ts'
import { replyOf } from '../http/reply.ts'
import type { Fault, FaultNumbers } from './fault.ts'

/** Zoho refuses, in its own words and without a cause. */
export const refusalFaults = {
  'internal-error': refusal('500 with code 1000.', internalError, 500),
  'rate-limited': {
    tells: 'Without cause 429 and code 43, 44, 45 or 1070; another status shows that the code counts.',
    parameters: { code: 44, status: 429, retryAfterSeconds: undefined },
    answer: ({ code = 44, status = 429, retryAfterSeconds }) => {
      const reply = replyOf({ ...rateAnswer(code), status })
      return retryAfterSeconds === undefined
        ? reply
        : { ...reply, headers: { ...reply.headers, 'Retry-After': String(retryAfterSeconds) } }
    },
  },
  unauthorized: refusal('401 with code 57, although the token lives.', notAuthorized, 401),
  'token-dies': {
    tells: 'Ends the token of the call, which then answers 401 with code 57: a new token is needed.',
    answer: (_, { tokens, token }) => {
      if (token !== null) tokens.revoke(token)
      return replyOf(notAuthorized())
    },
  },
  'not-there': refusal(
    '404 with code 1002, although the record is there.',
    () => notThere('Record', 1002),
    404,
  ),
  'not-accessible': refusal(
    '404 with code 1002 for a record that this user may not see.',
    () => notAccessible('Record'),
    404,
  ),
  'invalid-url': refusal('404 with code 5: a path fault, which says nothing of a record.', invalidUrl, 404),
  'access-denied': refusal(
    'The token endpoint’s Access Denied, without cause.',
    () => accessDenied(400),
    400,
  ),
  'general-error': refusal('The token endpoint’s general_error.', generalError, 200),
} satisfies Record<string, Fault>

function refusal(tells: string, answer: () => Answer, status: number): Fault {
  return {
    tells,
    parameters: { status },
    answer: (numbers: FaultNumbers) => replyOf({ ...answer(), status: numbers.status ?? status }),
  }
}

function rateAnswer(code: number): Answer {
  switch (code) {
    case 43:
      return shortBlock()
    case 45:
      return tooManyToday(1000)
    case 1070:
      return tooManyAtOnce()
    default:
      return tooManyInMinute()
  }
}

function generalError(): Answer {
  return { status: 200, body: { error: 'general_error' } }
}

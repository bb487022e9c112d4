import type { StoredZohoToken } from '@tds/db'
import { TdsError } from '@tds/runtime'
import { textOf, unreadableAnswer, type ZohoAnswer } from './answer.ts'

/** How long nobody asks for a token after Zoho has refused to give one, or has refused the one it gave. Asking on prolongs a block. */
export const restAfterRefusalMs = 5 * 60_000

/** The word kept where a token was refused that had just been minted; the token endpoint has no such word. */
const freshTokenRefused = 'fresh_token'

/** Judges an answer of the token endpoint that brought no token. Zoho refuses with status 200 too: the body decides. */
export function tokenFault(answer: ZohoAnswer): TdsError {
  const { status, body, unreadable } = answer
  const word = textOf(body, 'error').slice(0, 100)
  const facts = { status, zohoError: word }
  if (permanentErrors.has(word)) return credentialsRefused(word, facts)
  if (word === 'Access Denied' || /too many requests/i.test(textOf(body, 'error_description'))) {
    return throttled({ ...facts, retryAfterMs: restAfterRefusalMs })
  }
  if (word !== '') return passingFault(facts)
  return status >= 500 ? passingFault(facts) : unreadableAnswer(unreadable, facts)
}

const permanentErrors = new Set([
  'invalid_code',
  'invalid_client',
  'invalid_client_secret',
  'invalid_grant',
  'unauthorized_client',
])

/** The error of a daemon that needs a token while nobody may ask for one. */
export function blockedFault(stored: StoredZohoToken, retryAfterMs: number): TdsError {
  const word = stored.last_fault ?? 'unknown'
  const facts = { zohoError: word, retryAfterMs }
  if (stored.state === 'throttled') return throttled(facts)
  if (stored.state !== 'refused') return passingFault(facts)
  return word === freshTokenRefused ? newTokenRefused(facts) : credentialsRefused(word, facts)
}

/** The error of a daemon that has waited long enough for the token that another one is getting. */
export function stillWaiting(): TdsError {
  return passingFault({ reason: 'another daemon has been asking for it all the time' })
}

function credentialsRefused(word: string, facts: Record<string, unknown>): TdsError {
  return new TdsError(`Zoho refuses our credentials: ${word}.`, {
    code: 'zoho_auth',
    disposition: 'reject',
    nextStep:
      'Check ZOHO_CLIENT_ID, ZOHO_CLIENT_SECRET, ZOHO_REFRESH_TOKEN and ZOHO_DATA_CENTER; they belong together. Once they are right, everything goes on by itself.',
    facts,
  })
}

function throttled(facts: Record<string, unknown>): TdsError {
  return new TdsError('Zoho issues us no more tokens for the moment.', {
    code: 'zoho_token_throttled',
    disposition: 'retry',
    nextStep: 'Wait; if it comes back, find out what else mints tokens with this refresh token.',
    facts,
  })
}

function passingFault(facts: Record<string, unknown>): TdsError {
  return new TdsError("Zoho's token endpoint failed.", {
    code: 'zoho_token_unavailable',
    disposition: 'retry',
    nextStep: 'It is asked again by itself; if it stays, look at the error that Zoho names.',
    facts,
  })
}

function newTokenRefused(facts: Record<string, unknown>): TdsError {
  return new TdsError('Zoho refuses a token that it has just issued.', {
    code: 'zoho_auth',
    disposition: 'reject',
    nextStep:
      'Check that ZOHO_ORGANIZATION_ID and the refresh token belong together, and that its user still has access. Five minutes later it is tried again by itself.',
    facts,
  })
}

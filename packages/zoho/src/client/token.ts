import { ExactNumber, type ExactObject } from '@tds/core'
import { childLogger, systemClock, TdsError, type Clock, type HttpClient } from '@tds/runtime'
import { readAnswer, textOf, unreadableAnswer, type ZohoAnswer } from './answer.ts'

/** With what and where tokens are asked for. */
export interface TokenOptions {
  readonly accountsUrl: string
  readonly apiUrl: string
  readonly clientId: string
  readonly clientSecret: string
  readonly refreshToken: string
  readonly http: HttpClient
  readonly clock?: Clock
}

/** Access tokens, minted as seldom as possible: Zoho issues 10 in 10 minutes and lets 15 live. */
export interface TokenSource {
  /** The token in use, or a new one when it is about to expire. */
  current(): Promise<string>
  /** Another token than the one that the API just refused. Throws TdsError `zoho_auth` when that one was new already. */
  renewed(refused: string): Promise<string>
}

/**
 * Keeps one access token in memory. However many callers need a new one, one request is made; after a refusal by the
 * token endpoint none is made for five minutes, because asking on prolongs Zoho's block.
 * Throws TdsError `zoho_auth` (dead-letter), `zoho_token_throttled`, `zoho_token_unavailable`, `zoho_unreadable` (retry).
 */
export function tokenSource(options: TokenOptions): TokenSource {
  const clock = options.clock ?? systemClock
  let token: Token | null = null
  let refusal: Refusal | null = null
  let minting: Promise<Token> | null = null

  async function mint(forced: boolean): Promise<string> {
    if (refusal !== null && clock.monotonicMs() < refusal.until) throw refusal.error
    minting ??= askForToken(options, clock, forced).finally(() => {
      minting = null
    })
    try {
      token = await minting
      return token.value
    } catch (error) {
      if (isRefusal(error)) refusal = { error, until: clock.monotonicMs() + restAfterRefusalMs }
      throw error
    }
  }

  return {
    current: async () => {
      if (token !== null && clock.monotonicMs() < token.staleAt) return token.value
      return mint(false)
    },
    renewed: async (refused) => {
      // Another caller was refused as well and has renewed it already, or is about to.
      if (token?.value !== refused) return token === null ? mint(true) : token.value
      if (token.forced && clock.monotonicMs() < token.mintedAt + restAfterRefusalMs) throw newTokenRefused()
      token = null
      return mint(true)
    },
  }
}

interface Token {
  readonly value: string
  readonly mintedAt: number
  readonly staleAt: number
  /** Minted because the API refused the one before. */
  readonly forced: boolean
}

interface Refusal {
  readonly error: TdsError
  readonly until: number
}

const restAfterRefusalMs = 5 * 60_000
const earlyMs = 5 * 60_000
const usualLifeSeconds = 3600
const log = childLogger('zoho:token')

async function askForToken(options: TokenOptions, clock: Clock, forced: boolean): Promise<Token> {
  const response = await options.http.request({
    method: 'POST',
    url: `${options.accountsUrl.replace(/\/+$/, '')}/oauth/v2/token`,
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    // In the body, not in the query: addresses are logged along the way.
    body: new URLSearchParams({
      refresh_token: options.refreshToken,
      client_id: options.clientId,
      client_secret: options.clientSecret,
      grant_type: 'refresh_token',
    }).toString(),
  })
  const answer = readAnswer(response)
  const value = textOf(answer.body, 'access_token')
  // Zoho refuses with status 200 too: the body decides. What is no plain text could not be sent as a header.
  if (!/^[\x21-\x7e]+$/.test(value)) throw tokenFault(answer)
  const mintedAt = clock.monotonicMs()
  const lifeMs = lifeSecondsOf(answer.body) * 1000
  log.info('token minted', { forced, lifeSeconds: lifeMs / 1000 })
  warnOfOtherHost(answer.body, options.apiUrl)
  return { value, mintedAt, staleAt: mintedAt + Math.max(lifeMs - earlyMs, lifeMs / 2), forced }
}

/** Older answers give `expires_in` in milliseconds and the seconds beside it. */
function lifeSecondsOf(body: ExactObject): number {
  const value = body['expires_in_sec'] ?? body['expires_in']
  const seconds = Number(value instanceof ExactNumber ? value.source : value)
  return Number.isFinite(seconds) && seconds > 0 ? seconds : usualLifeSeconds
}

/** Never followed: a token must not travel to a host that an answer names. */
function warnOfOtherHost(body: ExactObject, apiUrl: string): void {
  const named = URL.parse(textOf(body, 'api_domain'))?.host
  const ours = URL.parse(apiUrl)?.host
  if (named !== undefined && named !== ours) {
    log.warn('the token is for another API host than the one configured', { named, configured: ours })
  }
}

function tokenFault(answer: ZohoAnswer): TdsError {
  const { status, body, unreadable } = answer
  const word = textOf(body, 'error').slice(0, 100)
  const facts = { status, zohoError: word }
  if (permanentErrors.has(word)) return credentialsRefused(word, facts)
  if (word === 'Access Denied' || /too many requests/i.test(textOf(body, 'error_description')))
    return throttled(facts)
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

/** Faults after which asking again soon is of no use, or does harm. */
function isRefusal(error: unknown): error is TdsError {
  return error instanceof TdsError && ['zoho_auth', 'zoho_token_throttled'].includes(error.code)
}

function credentialsRefused(word: string, facts: Record<string, unknown>): TdsError {
  return new TdsError(`Zoho refuses our credentials: ${word}.`, {
    code: 'zoho_auth',
    disposition: 'reject',
    nextStep:
      'Check ZOHO_CLIENT_ID, ZOHO_CLIENT_SECRET, ZOHO_REFRESH_TOKEN and ZOHO_DATA_CENTER; they belong together. Then replay.',
    facts,
  })
}

function throttled(facts: Record<string, unknown>): TdsError {
  return new TdsError('Zoho issues us no more tokens for the moment.', {
    code: 'zoho_token_throttled',
    disposition: 'retry',
    nextStep: 'Wait; if it comes back, find out what else mints tokens with this refresh token.',
    facts: { ...facts, retryAfterMs: restAfterRefusalMs },
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

function newTokenRefused(): TdsError {
  return new TdsError('Zoho refuses a token that it has just issued.', {
    code: 'zoho_auth',
    disposition: 'reject',
    nextStep: permissionStep,
  })
}

/** What helps when a fresh token is refused; 57 is also the code of a missing scope. */
export const permissionStep =
  'Check that the refresh token has the scopes for this kind of record and that its user may see it; then replay. A new scope needs a new refresh token.'

import { ExactNumber, type ExactObject } from '@tds/core'
import { childLogger, httpClient, type Clock } from '@tds/runtime'
import { readAnswer, textOf } from './answer.ts'
import { tokenFault } from './token-fault.ts'

/** With what and where tokens are asked for. */
export interface ZohoCredentials {
  readonly accountsUrl: string
  readonly apiUrl: string
  readonly clientId: string
  readonly clientSecret: string
  readonly refreshToken: string
}

/** A token that Zoho has just issued. */
export interface MintedToken {
  readonly value: string
  /** By the clock's monotonic time; its life counts from when it was asked for, never from later. */
  readonly askedAtMs: number
  readonly lifeMs: number
}

/** How long a request for a token may take; whoever waits for another daemon's token need not wait longer. */
export const tokenRequestMs = 8_000

const log = childLogger('zoho:token')
const usualLifeSeconds = 3600
// An answer of a token is a few hundred bytes.
const http = httpClient({ name: 'zoho-token', timeoutMs: tokenRequestMs, maxBytes: 64 * 1024 })

/** Asks Zoho for one access token. Throws TdsError: those of `tokenFault`, or `transport`. */
export async function requestToken(credentials: ZohoCredentials, clock: Clock): Promise<MintedToken> {
  const askedAtMs = clock.monotonicMs()
  const response = await http.request({
    method: 'POST',
    url: `${credentials.accountsUrl.replace(/\/+$/, '')}/oauth/v2/token`,
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    // In the body, not in the query: addresses are logged along the way.
    body: new URLSearchParams({
      refresh_token: credentials.refreshToken,
      client_id: credentials.clientId,
      client_secret: credentials.clientSecret,
      grant_type: 'refresh_token',
    }).toString(),
  })
  const answer = readAnswer(response)
  const value = textOf(answer.body, 'access_token')
  // What is no plain text could not be sent as a header; a redirect's body is nobody's answer.
  if (response.status >= 300 || !/^[\x21-\x7e]{1,2000}$/.test(value)) throw tokenFault(answer)
  warnOfOtherHost(answer.body, credentials.apiUrl)
  return { value, askedAtMs, lifeMs: lifeSecondsOf(answer.body) * 1000 }
}

/** Older answers give `expires_in` in milliseconds and the seconds beside it. No token lives longer than a day. */
function lifeSecondsOf(body: ExactObject): number {
  const value = body['expires_in_sec'] ?? body['expires_in']
  const seconds = Number(value instanceof ExactNumber ? value.source : value)
  return seconds > 0 && seconds <= 86_400 ? seconds : usualLifeSeconds
}

/** Never followed: a token must not travel to a host that an answer names. */
function warnOfOtherHost(body: ExactObject, apiUrl: string): void {
  const named = URL.parse(textOf(body, 'api_domain'))?.host
  const ours = URL.parse(apiUrl)?.host
  if (named !== undefined && named !== ours) {
    log.warn('the token is for another API host than the one configured', { named, configured: ours })
  }
}

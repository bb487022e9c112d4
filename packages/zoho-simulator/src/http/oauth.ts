import type { JsonObject } from '../exact/json.ts'
import type { Settings } from '../options.ts'
import type { Switchboard } from '../switches/switchboard.ts'
import type { Answer } from './answer.ts'
import type { Tokens } from './tokens.ts'

/** What the token endpoint works with. */
export interface OauthParts {
  settings: Settings
  switchboard: Switchboard
  tokens: Tokens
  /** Where the API is, as the answer tells: the simulator's own address. */
  apiDomain: () => string
}

/** Answers `POST /oauth/v2/token`: the body, not the status, says what went wrong (docs/reference/zoho.md, tokens). */
export function answerTokenRequest(parameters: URLSearchParams, parts: OauthParts): Answer {
  const { credentials } = parts.settings
  const { refreshTokenRevoked, tokenThrottleStatus } = parts.switchboard.values
  if (parameters.get('grant_type') !== 'refresh_token') return refusal('general_error')
  if (parameters.get('client_id') !== credentials.clientId) return refusal('invalid_client')
  if (parameters.get('client_secret') !== credentials.clientSecret) return refusal('invalid_client_secret')
  if (refreshTokenRevoked || parameters.get('refresh_token') !== credentials.refreshToken)
    return refusal('invalid_code')
  const accessToken = parts.tokens.issue()
  if (accessToken === null) return accessDenied(tokenThrottleStatus)
  return { status: 200, body: tokenAnswer(accessToken, parts) }
}

/** Answers `POST /oauth/v2/token/revoke`: of an access token, or of the refresh token with all that came of it. */
export function answerRevocation(parameters: URLSearchParams, parts: OauthParts): Answer {
  const { tokens, settings, switchboard } = parts
  const token = parameters.get('token')
  if (token === settings.credentials.refreshToken && !switchboard.values.refreshTokenRevoked) {
    switchboard.set({ refreshTokenRevoked: true })
    tokens.revoke()
  } else if (token !== null && tokens.isLive(token)) tokens.revoke(token)
  else return refusal('invalid_token')
  return { status: 200, body: { status: 'success' } }
}

/** What the token endpoint says when it was asked too often. */
export function accessDenied(status: number): Answer {
  return {
    status,
    body: {
      error: 'Access Denied',
      error_description: 'You have made too many requests continuously. Please try again after some time.',
      status: 'failure',
    },
  }
}

function tokenAnswer(accessToken: string, { switchboard, apiDomain }: OauthParts): JsonObject {
  const { tokenAnswer: form, tokenLifeSeconds, apiDomain: told } = switchboard.values
  return {
    access_token: accessToken,
    api_domain: told ?? apiDomain(),
    token_type: 'Bearer',
    ...(form === 'seconds'
      ? { expires_in: tokenLifeSeconds }
      : { expires_in_sec: tokenLifeSeconds, expires_in: tokenLifeSeconds * 1000 }),
  }
}

function refusal(error: string): Answer {
  return { status: 200, body: { error } }
}

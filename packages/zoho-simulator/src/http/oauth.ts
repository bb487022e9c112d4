import type { Settings } from '../options.ts'
import type { Answer } from './answer.ts'
import { tokenLifeSeconds, type Tokens } from './tokens.ts'

/** What the token endpoint works with. */
export interface OauthParts {
  settings: Settings
  tokens: Tokens
  /** Where the API is, as the answer tells: the simulator's own address. */
  apiDomain: () => string
}

/** Answers `POST /oauth/v2/token`: the body, not the status, says what went wrong (docs/reference/zoho.md, tokens). */
export function answerTokenRequest(parameters: URLSearchParams, parts: OauthParts): Answer {
  const { credentials, tokenThrottle } = parts.settings
  if (parameters.get('grant_type') !== 'refresh_token') return refusal('general_error')
  if (parameters.get('client_id') !== credentials.clientId) return refusal('invalid_client')
  if (parameters.get('client_secret') !== credentials.clientSecret) return refusal('invalid_client_secret')
  if (parameters.get('refresh_token') !== credentials.refreshToken) return refusal('invalid_code')
  const accessToken = parts.tokens.issue()
  if (accessToken === null) return throttled(tokenThrottle?.status ?? 400)
  return {
    status: 200,
    body: {
      access_token: accessToken,
      api_domain: parts.apiDomain(),
      token_type: 'Bearer',
      expires_in: tokenLifeSeconds,
    },
  }
}

/** Answers `POST /oauth/v2/token/revoke`. */
export function answerRevocation(parameters: URLSearchParams, { tokens }: OauthParts): Answer {
  const token = parameters.get('token')
  if (token === null || !tokens.isLive(token)) return refusal('invalid_token')
  tokens.revoke(token)
  return { status: 200, body: { status: 'success' } }
}

function refusal(error: string): Answer {
  return { status: 200, body: { error } }
}

function throttled(status: number): Answer {
  return {
    status,
    body: {
      error: 'Access Denied',
      error_description: 'You have made too many requests continuously. Please try again after some time.',
      status: 'failure',
    },
  }
}

import { choice, count, flag, limit, text, texts } from './switch.ts'

/** How tokens are handed out, and what they are good for. */
export const tokenSwitches = {
  tokenLifeSeconds: count(3600, 'How long an access token lives.', 1),
  liveTokens: count(15, 'How many access tokens live at once; the next one silently ends the oldest.', 1),
  tokensPerTenMinutes: limit(
    10,
    'How many access tokens are handed out in ten minutes before Access Denied.',
  ),
  tokenThrottleStatus: choice([400, 200], 'The status of Access Denied; both are reported.'),
  tokenAnswer: choice(
    ['seconds', 'milliseconds'],
    'Whether expires_in is in seconds, or in milliseconds beside expires_in_sec, as older answers had it.',
  ),
  apiDomain: text('What api_domain of a token answer says; null for the simulator’s own address.'),
  refreshTokenRevoked: flag(false, 'Whether the refresh token is refused with invalid_code.'),
  scopes: texts(
    ['ZohoBooks.fullaccess.all', 'ZohoInventory.FullAccess.all'],
    'What the refresh token is good for. A call outside of it answers 401/57.',
  ),
}

import type { HealthCheck, HealthResult } from '@tds/runtime'
import type { TokenSource, TokenStanding } from './token.ts'

/**
 * Tells how matters stand with the access token: unhealthy where a person must act before Zoho can be read again,
 * degraded where it passes by itself or concerns one type of record. Asks Zoho nothing.
 */
export function zohoTokenCheck(tokens: Pick<TokenSource, 'standing'>): HealthCheck {
  return { name: 'zoho-token', check: async () => judge(await tokens.standing()) }
}

function judge(standing: TokenStanding): HealthResult {
  const { state, expiresInSeconds, mintedAgoSeconds, refusedFor, blockedForSeconds, lastFault } = standing
  const facts = { state, expiresInSeconds, mintedAgoSeconds, refusedFor, blockedForSeconds, lastFault }
  const living =
    expiresInSeconds === null ? 'there is none to use' : `the one in use lives ${String(expiresInSeconds)} s`
  if (state === 'refused') {
    const detail = `Zoho refuses a token (${lastFault ?? 'no reason given'}); ${living}.`
    return { status: 'unhealthy', detail, facts }
  }
  if (state === 'throttled' || state === 'unavailable') {
    const detail = `No new token is to be had (${lastFault ?? state}); ${living}.`
    return { status: 'degraded', detail, facts }
  }
  if (refusedFor.length > 0) {
    const detail = `Zoho refuses ${refusedFor.join(', ')} to a good token: a scope or a permission is missing.`
    return { status: 'degraded', detail, facts }
  }
  const detail =
    state === 'none' ? 'No token was needed so far.' : `Minted ${String(mintedAgoSeconds)} s ago; ${living}.`
  return { status: 'healthy', detail, facts }
}

import { isDatabaseUnavailable, type LeaderLease, type LeaseCandidate, type StoredZohoToken } from '@tds/db'
import { childLogger, counter, TdsError, type Clock } from '@tds/runtime'
import type { HeldToken, SharedToken } from './shared-token.ts'
import { blockedFault, restAfterRefusalMs, stillWaiting } from './token-fault.ts'
import { requestToken, tokenRequestMs, type MintedToken, type ZohoCredentials } from './token-request.ts'

/** What finding a token needs. */
export interface TokenSearch {
  readonly credentials: ZohoCredentials
  readonly shared: SharedToken
  /** Whoever has this lease asks Zoho; the others wait for what he gets. */
  readonly lease: LeaseCandidate
  readonly clock: Clock
}

const log = childLogger('zoho:token')
const minted = counter({
  name: 'tds_zoho_tokens_minted_total',
  help: 'Access tokens minted by this process, by why: none was there, the one before ran out, or it was refused.',
  labelNames: ['why'],
})

/** A little more than a request may take: a daemon that dies while it asks holds the others up no longer. */
export const tokenLeaseSeconds = tokenRequestMs / 1000 + 2

/**
 * Finds a token other than the one refused: the one that is shared, or a new one. Of all that need a new one at the same
 * time, in whatever process, one asks Zoho. While the shared one still lives nobody waits for its successor.
 */
export async function findToken(search: TokenSearch, refused: string | null): Promise<HeldToken> {
  const { lease: candidate, clock } = search
  const waitUntilMs = clock.monotonicMs() + longestWaitMs
  for (;;) {
    const before = await look(search, refused)
    if (before.isGoodFor === 'long') return before.token
    const lease = await candidate.campaign()
    if (lease !== null) return findWithLease(search, { refused, lease })
    if (before.isGoodFor === 'a while') return soonLookedAtAgain(before.token, clock)
    if (clock.monotonicMs() >= waitUntilMs) throw stillWaiting()
    await clock.sleep(lookAgainMs * (0.5 + Math.random()))
  }
}

/** Long enough to see a lease run out and its successor get an answer. */
const longestWaitMs = 2 * tokenLeaseSeconds * 1000
const lookAgainMs = 100

/** What a look at the shared token found; `a while` is time enough to use it and too little to leave it at that. */
type Found =
  | {
      readonly isGoodFor: 'long' | 'a while'
      readonly token: HeldToken
      readonly stored: StoredZohoToken | null
    }
  | { readonly isGoodFor: 'nothing'; readonly token: null; readonly stored: StoredZohoToken | null }

/** Throws where there is no token and nobody may ask for one now. */
async function look({ shared, clock }: TokenSearch, refused: string | null): Promise<Found> {
  const { stored, token: kept } = await shared.read()
  const token = kept !== null && kept.value !== refused ? kept : null
  const nowMs = clock.monotonicMs()
  if (token !== null && nowMs < token.renewAtMs) return { isGoodFor: 'long', token, stored }
  const blockedMs = stored === null ? 0 : blockedForMs(stored)
  if (stored !== null && blockedMs > 0) {
    if (token === null) throw blockedFault(stored, blockedMs)
    return { isGoodFor: 'long', token: { ...token, renewAtMs: nowMs + blockedMs }, stored }
  }
  return token === null
    ? { isGoodFor: 'nothing', token: null, stored }
    : { isGoodFor: 'a while', token, stored }
}

/** A block further ahead than any lasts is left over from a clock that has been set back. */
export function blockedForMs({ blocked_for_ms: left }: StoredZohoToken): number {
  return left === null || left > 2 * restAfterRefusalMs ? 0 : Math.max(Math.ceil(left), 0)
}

function soonLookedAtAgain(token: HeldToken, clock: Clock): HeldToken {
  return { ...token, renewAtMs: Math.min(clock.monotonicMs() + 1_000, token.expiresAtMs) }
}

interface Minting {
  readonly refused: string | null
  readonly lease: LeaderLease
}

async function findWithLease(search: TokenSearch, minting: Minting): Promise<HeldToken> {
  try {
    // Whoever had the lease before may have got it meanwhile.
    const found = await look(search, minting.refused)
    return found.isGoodFor === 'long' ? found.token : await mint(search, minting, found)
  } finally {
    await search.lease.resign().catch((error: unknown) => {
      log.warn('the lease on the token could not be given up; it runs out by itself', { error })
    })
  }
}

async function mint(search: TokenSearch, { refused, lease }: Minting, before: Found): Promise<HeldToken> {
  const { credentials, shared, clock } = search
  let token: MintedToken
  try {
    token = await requestToken(credentials, clock)
  } catch (error) {
    const fault = error instanceof TdsError ? error : null
    if (fault !== null) await shared.block(fault, { faults: before.stored?.faults ?? 0, lease })
    // Its successor can wait: this one is still good.
    if (before.token === null || fault === null) throw error
    log.warn('no new token was to be had; the one in use still lives', { error })
    return soonLookedAtAgain(before.token, clock)
  }
  const why = refused !== null ? 'refused' : before.stored?.sealed_token == null ? 'none' : 'expired'
  minted.inc({ why })
  log.info('token minted', { why, lifeSeconds: token.lifeMs / 1000 })
  try {
    return await shared.save(token, { forced: refused !== null, lease })
  } catch (error) {
    if (!isDatabaseUnavailable(error)) throw error
    log.warn('a new token could not be shared, because the database went away; this process uses it alone', {
      error,
    })
    return shared.unshared(token, refused !== null)
  }
}

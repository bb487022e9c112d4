import { randomUUID } from 'node:crypto'
import {
  classifyDatabaseError,
  isDatabaseUnavailable,
  leaseCandidate,
  type Database,
  type StoredZohoToken,
  type ZohoTokenState,
} from '@tds/db'
import { childLogger, systemClock, type Clock, type SealingKeys } from '@tds/runtime'
import { blockedForMs, findToken, tokenLeaseSeconds } from './find-token.ts'
import { sharedToken, type HeldToken, type SharedToken } from './shared-token.ts'
import { restAfterRefusalMs } from './token-fault.ts'
import type { ZohoCredentials } from './token-request.ts'

/** With what tokens are asked for, and where they are kept. */
export interface TokenOptions extends ZohoCredentials {
  readonly db: Database
  /** Seal the token in the database. */
  readonly keys: SealingKeys
  readonly clock?: Clock
}

/** Access tokens, minted as seldom as possible: Zoho issues 10 in 10 minutes and lets 15 live. */
export interface TokenSource {
  /** The token that all daemons use, or a new one when there is none. */
  current(): Promise<string>
  /**
   * Another token than the one that the API just refused, or null where a new one would not help: then what was asked for
   * is refused, not the token.
   */
  renewed(refused: string, purpose: string): Promise<string | null>
  /** Told of a call for this type of record that went well. Never throws. */
  accepted(token: string, purpose: string): Promise<void>
  /** How matters stand, from the database. Throws where the stored token cannot be opened. */
  standing(): Promise<TokenStanding>
}

/** How matters stand with the token that all daemons share. */
export interface TokenStanding {
  readonly state: ZohoTokenState
  /** Null where no living token is there. */
  readonly expiresInSeconds: number | null
  readonly mintedAgoSeconds: number | null
  /** Types of record that Zoho refuses to a good token. */
  readonly refusedFor: readonly string[]
  /** For how long nobody asks for a token; 0 where somebody may. */
  readonly blockedForSeconds: number
  readonly lastFault: string | null
}

const log = childLogger('zoho:token')

/**
 * One access token for all daemons: in the database, encrypted, and in the memory of whoever uses it. However many need a
 * new one, in this process or in others, one of them asks Zoho, and no transaction is open meanwhile; what it gets, token
 * or refusal, counts for all.
 *
 * Its methods throw TdsError `zoho_auth`, `sealed_with_another_key`, `sealed_text_damaged` (reject), `zoho_token_throttled`,
 * `zoho_token_unavailable`, `zoho_unreadable`, `transport` or what `classifyDatabaseError` makes (retry).
 */
export function tokenSource({ db, keys, clock = systemClock, ...credentials }: TokenOptions): TokenSource {
  const shared = sharedToken(credentials, { db, keys, clock })
  const lease = leaseCandidate({
    db,
    clock,
    name: `zoho-token ${shared.digest.slice(0, 12)}`,
    holder: randomUUID(),
    ttlSeconds: tokenLeaseSeconds,
  })
  /** Types of record for which the token in memory has been noted as good. */
  const accepted = new Set<string>()
  let held: HeldToken | null = null
  let flight: Promise<HeldToken> | null = null
  return {
    current,
    renewed,
    accepted: noteAcceptance,
    standing: async () => standingOf(await shared.read(), clock),
  }

  async function current(): Promise<string> {
    if (held !== null && clock.monotonicMs() < held.renewAtMs) return held.value
    return (await find(null)).value
  }

  async function renewed(refused: string, purpose: string): Promise<string | null> {
    // Another caller was refused as well and has renewed it already.
    if (held !== null && held.value !== refused) return held.value
    const { stored, token } = await shared.read().catch(rethrow)
    if (token !== null && token.value !== refused) return hold(token).value
    if (stored !== null && token !== null && isOfNoHelp(token, { stored, purpose, clock })) {
      if (isFresh(token, clock)) await shared.noteRefusal(token, purpose).catch(rethrow)
      log.warn('Zoho refuses this type of record to a good token, or all to a fresh one', { purpose })
      return null
    }
    return (await find(refused)).value
  }

  async function noteAcceptance(value: string, purpose: string): Promise<void> {
    if (held?.value !== value || accepted.has(purpose)) return
    accepted.add(purpose)
    await shared.noteAcceptance(held, purpose).catch((error: unknown) => {
      accepted.delete(purpose)
      log.warn('that the token is good could not be noted', { error })
    })
  }

  /** One search at a time; whoever comes while it is on takes what it finds, unless that is what was refused to him. */
  async function find(refused: string | null): Promise<HeldToken> {
    if (flight !== null) {
      const token = await flight
      if (token.value !== refused) return token
    }
    flight ??= search(refused).finally(() => {
      flight = null
    })
    return flight
  }

  async function search(refused: string | null): Promise<HeldToken> {
    try {
      return hold(await findToken({ credentials, shared, lease, clock }, refused))
    } catch (error) {
      const isAway = isDatabaseUnavailable(error)
      if (!isAway || held === null || held.value === refused || clock.monotonicMs() >= held.expiresAtMs) {
        throw classifyDatabaseError(error)
      }
      log.warn('the token in memory is used on, because the database is away', { error })
      return hold({ ...held, renewAtMs: Math.min(clock.monotonicMs() + 1_000, held.expiresAtMs) })
    }
  }

  function hold(token: HeldToken): HeldToken {
    if (held?.value !== token.value) accepted.clear()
    held = token
    return token
  }
}

function standingOf(
  { stored, token }: Awaited<ReturnType<SharedToken['read']>>,
  clock: Clock,
): TokenStanding {
  const age = stored?.minted_ago_ms ?? null
  return {
    state: stored?.state ?? 'none',
    expiresInSeconds: token === null ? null : inSeconds(token.expiresAtMs - clock.monotonicMs()),
    mintedAgoSeconds: age === null ? null : inSeconds(age),
    refusedFor: stored?.refused_for ?? [],
    blockedForSeconds: stored === null ? 0 : inSeconds(blockedForMs(stored)),
    lastFault: stored?.last_fault ?? null,
  }
}

function inSeconds(ms: number): number {
  return Math.round(ms / 1000)
}

function rethrow(error: unknown): never {
  throw classifyDatabaseError(error)
}

interface Refusal {
  readonly stored: StoredZohoToken
  readonly purpose: string
  readonly clock: Clock
}

/**
 * Whether a new token would be refused like this one: it was minted for exactly that reason just now; or all credentials
 * are in doubt and at rest; or it is known that this type of record may not be read, which no new token changes. A token
 * that was good for this very type has died, however fresh it was.
 */
function isOfNoHelp(token: HeldToken, { stored, purpose, clock }: Refusal): boolean {
  if (stored.sealed_token === token.sealed && stored.accepted_for.includes(purpose)) return false
  if (isFresh(token, clock)) return true
  if (stored.state === 'refused') return blockedForMs(stored) > 0
  return stored.refused_for.includes(purpose)
}

function isFresh(token: HeldToken, clock: Clock): boolean {
  return token.forced && clock.monotonicMs() < token.mintedAtMs + restAfterRefusalMs
}

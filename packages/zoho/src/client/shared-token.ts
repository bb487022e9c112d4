import { createHash } from 'node:crypto'
import {
  blockZohoToken,
  noteZohoTokenAcceptance,
  noteZohoTokenRefusal,
  readZohoToken,
  saveZohoToken,
  type Database,
  type LeaderLease,
  type StoredZohoToken,
  type ZohoTokenState,
} from '@tds/db'
import {
  backoffMs,
  gauge,
  openText,
  sealText,
  type Clock,
  type SealingKeys,
  type TdsError,
} from '@tds/runtime'
import { restAfterRefusalMs } from './token-fault.ts'
import type { MintedToken, ZohoCredentials } from './token-request.ts'

/** A token as one process knows it; times by the clock's monotonic time. */
export interface HeldToken {
  readonly value: string
  /** How its row tells it from others. */
  readonly sealed: string
  readonly mintedAtMs: number
  /** From then on its successor is asked for. */
  readonly renewAtMs: number
  /** From then on nobody uses it. */
  readonly expiresAtMs: number
  readonly forced: boolean
}

/** What all daemons know about getting tokens with these credentials. */
export interface SharedToken {
  /** Names the credentials without giving them away. */
  readonly digest: string
  /** What is stored, and the token in it; null where there is none alive. Throws what `openText` does. */
  read(): Promise<{ readonly stored: StoredZohoToken | null; readonly token: HeldToken | null }>
  /** Puts a new token in the place of the one before, unless the lease is over. */
  save(minted: MintedToken, o: { readonly forced: boolean; readonly lease: LeaderLease }): Promise<HeldToken>
  /** A new token that could not be put there. */
  unshared(minted: MintedToken, forced: boolean): HeldToken
  /** Keeps everybody from asking for a token for as long as this fault lasts. */
  block(fault: TdsError, o: { readonly faults: number; readonly lease: LeaderLease }): Promise<void>
  noteRefusal(token: HeldToken, purpose: string): Promise<void>
  noteAcceptance(token: HeldToken, purpose: string): Promise<void>
}

const states: readonly ZohoTokenState[] = ['none', 'usable', 'throttled', 'refused', 'unavailable']
const stateGauge = gauge({
  name: 'tds_zoho_token_state',
  help: 'How matters stood with the token when this process last looked: 1 for the state it was in, 0 for the others.',
  labelNames: ['state'],
})

/** The row of these credentials in `tds_zoho_tokens`. Its times are the database's: the clocks of the machines may differ. */
export function sharedToken(
  credentials: ZohoCredentials,
  { db, keys, clock }: { readonly db: Database; readonly keys: SealingKeys; readonly clock: Clock },
): SharedToken {
  const digest = digestOf(credentials)
  const place = `tds_zoho_tokens ${digest}`
  return {
    digest,
    read: async () => {
      const asOf = clock.monotonicMs()
      const stored = await readZohoToken(db, digest)
      for (const state of states) stateGauge.set({ state }, state === (stored?.state ?? 'none') ? 1 : 0)
      return { stored, token: stored === null ? null : livingToken(stored, { asOf, keys, place }) }
    },
    save: async (minted, { forced, lease }) => {
      const token = held(minted, { forced, sealed: sealText(keys, minted.value, place) })
      await db.transaction(async (tx) => {
        await lease.guard(tx)
        await saveZohoToken(tx, digest, {
          sealedToken: token.sealed,
          askedAgoMs: clock.monotonicMs() - token.mintedAtMs,
          renewAfterMs: token.renewAtMs - token.mintedAtMs,
          lifeMs: minted.lifeMs,
          forced,
        })
      })
      return token
    },
    unshared: (minted, forced) => held(minted, { forced, sealed: '' }),
    block: (fault, { faults, lease }) =>
      db.transaction(async (tx) => {
        await lease.guard(tx)
        await blockZohoToken(tx, digest, blockFor(fault, faults))
      }),
    noteRefusal: (token, purpose) =>
      noteZohoTokenRefusal(db, digest, { sealedToken: token.sealed, purpose, restMs: restAfterRefusalMs }),
    noteAcceptance: (token, purpose) =>
      noteZohoTokenAcceptance(db, digest, { sealedToken: token.sealed, purpose }),
  }
}

/** Changed credentials, the secret of the client included, begin anew: neither their token nor their block is of the old ones. */
function digestOf({ accountsUrl, clientId, clientSecret, refreshToken }: ZohoCredentials): string {
  const host = URL.parse(accountsUrl)?.host ?? accountsUrl
  return createHash('sha256')
    .update(JSON.stringify([host, clientId, clientSecret, refreshToken]))
    .digest('hex')
}

/** Early enough that a failing token endpoint is noticed while the token in use still lives. */
const earlyMs = 5 * 60_000

function held(
  { value, askedAtMs: mintedAtMs, lifeMs }: MintedToken,
  { forced, sealed }: Pick<HeldToken, 'forced' | 'sealed'>,
): HeldToken {
  const renewAtMs = mintedAtMs + Math.max(lifeMs - earlyMs, lifeMs / 2)
  return { value, sealed, mintedAtMs, renewAtMs, expiresAtMs: mintedAtMs + lifeMs, forced }
}

interface Opening {
  readonly asOf: number
  readonly keys: SealingKeys
  readonly place: string
}

/** One that has expired is not even opened: it would be of no use, and its key may be gone. */
function livingToken(stored: StoredZohoToken, { asOf, keys, place }: Opening): HeldToken | null {
  const { sealed_token: sealed, minted_ago_ms: age, renew_in_ms: renewIn, expires_in_ms: expiresIn } = stored
  if (sealed === null || age === null || renewIn === null || expiresIn === null || expiresIn <= 0) return null
  return {
    value: openText(keys, sealed, place),
    sealed,
    mintedAtMs: asOf - age,
    renewAtMs: asOf + renewIn,
    expiresAtMs: asOf + expiresIn,
    forced: stored.forced,
  }
}

function blockFor(fault: TdsError, faults: number): Parameters<typeof blockZohoToken>[2] {
  const word = fault.facts['zohoError']
  const named = typeof word === 'string' && word !== '' ? word : fault.code
  if (fault.code === 'zoho_auth') return { state: 'refused', forMs: restAfterRefusalMs, fault: named }
  if (fault.code === 'zoho_token_throttled') {
    return { state: 'throttled', forMs: restAfterRefusalMs, fault: named }
  }
  const forMs = 500 + backoffMs({ attempt: faults + 1, baseMs: 1_000, maxMs: 60_000 })
  return { state: 'unavailable', forMs, fault: named }
}

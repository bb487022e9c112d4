import type { Queryable } from '../queryable.ts'

/** How matters stand with getting a token: its own words are in the comment of the column. */
export type ZohoTokenState = 'none' | 'usable' | 'throttled' | 'refused' | 'unavailable'

/** What the daemons share about one set of credentials. Times count from the database's now, in milliseconds. */
export interface StoredZohoToken {
  readonly state: ZohoTokenState
  readonly sealed_token: string | null
  readonly minted_ago_ms: number | null
  readonly renew_in_ms: number | null
  readonly expires_in_ms: number | null
  readonly forced: boolean
  readonly accepted: boolean
  /** Types of record for which a call with this very token went well. */
  readonly accepted_for: readonly string[]
  readonly refused_for: readonly string[]
  readonly blocked_for_ms: number | null
  readonly faults: number
  readonly last_fault: string | null
}

/** Reads what is shared about these credentials; null before their first token. */
export async function readZohoToken(db: Queryable, digest: string): Promise<StoredZohoToken | null> {
  const { rows } = await db.query<StoredZohoToken>(
    `SELECT state, sealed_token, forced, accepted_at IS NOT NULL AS accepted, accepted_for, refused_for, faults, last_fault,
            extract(epoch FROM tds_now() - minted_at)::float8 * 1000 AS minted_ago_ms,
            extract(epoch FROM renew_at - tds_now())::float8 * 1000 AS renew_in_ms,
            extract(epoch FROM expires_at - tds_now())::float8 * 1000 AS expires_in_ms,
            extract(epoch FROM blocked_until - tds_now())::float8 * 1000 AS blocked_for_ms
       FROM tds_zoho_tokens WHERE credentials_digest = $1`,
    [digest],
    { name: 'read_zoho_token' },
  )
  return rows[0] ?? null
}

/** A token that was minted; its times count from when it was asked for. */
export interface ZohoTokenWrite {
  readonly sealedToken: string
  readonly askedAgoMs: number
  readonly renewAfterMs: number
  readonly lifeMs: number
  readonly forced: boolean
}

/** Puts a new token in the place of the one before. What is known about missing permissions stays: a token has no more than its refresh token. */
export async function saveZohoToken(tx: Queryable, digest: string, token: ZohoTokenWrite): Promise<void> {
  await tx.query(
    `INSERT INTO tds_zoho_tokens AS held
       (credentials_digest, state, sealed_token, minted_at, renew_at, expires_at, forced, minted_count)
     SELECT $1, 'usable', $2, asked_at, asked_at + $4::float8 * interval '1 ms', asked_at + $5::float8 * interval '1 ms', $6, 1
       FROM (SELECT tds_now() - $3::float8 * interval '1 ms' AS asked_at) AS asking
         ON CONFLICT (credentials_digest) DO UPDATE
        SET state = 'usable', sealed_token = excluded.sealed_token, minted_at = excluded.minted_at,
            renew_at = excluded.renew_at, expires_at = excluded.expires_at, forced = excluded.forced, accepted_at = NULL, accepted_for = '{}',
            blocked_until = NULL, faults = 0, last_fault = NULL, minted_count = held.minted_count + 1, updated_at = tds_now()`,
    [digest, token.sealedToken, token.askedAgoMs, token.renewAfterMs, token.lifeMs, token.forced],
  )
}

/** Lets nobody ask for a token for a while. The token there is, if any, stays in use as long as it lives. */
export async function blockZohoToken(
  tx: Queryable,
  digest: string,
  block: { readonly state: ZohoTokenState; readonly forMs: number; readonly fault: string },
): Promise<void> {
  await tx.query(
    `INSERT INTO tds_zoho_tokens AS held (credentials_digest, state, blocked_until, faults, last_fault)
     VALUES ($1, $2, tds_now() + $3::float8 * interval '1 ms', 1, $4)
         ON CONFLICT (credentials_digest) DO UPDATE
        SET state = excluded.state, blocked_until = excluded.blocked_until, faults = held.faults + 1,
            last_fault = excluded.last_fault, updated_at = tds_now()`,
    [digest, block.state, block.forMs, block.fault],
  )
}

/** Lets tokens be asked for again at once with credentials that were refused: a person says that they are good now. */
export async function endTokenRests(tx: Queryable): Promise<void> {
  await tx.query(
    `UPDATE tds_zoho_tokens SET blocked_until = NULL, updated_at = tds_now()
      WHERE state = 'refused' AND blocked_until IS NOT NULL`,
  )
}

/** A token of which something was learnt: the one minted last and no other. */
interface TokenInUse {
  readonly sealedToken: string
  /** The type of record that was asked for. */
  readonly purpose: string
}

/**
 * Notes that a fresh token was refused for one type of record. While no call with it has gone well, all credentials are
 * in doubt, and nobody asks for another one for a while.
 */
export async function noteZohoTokenRefusal(
  db: Queryable,
  digest: string,
  refusal: TokenInUse & { readonly restMs: number },
): Promise<void> {
  await db.query(
    `UPDATE tds_zoho_tokens
        SET refused_for = CASE WHEN $3 = ANY (refused_for) THEN refused_for ELSE refused_for || $3 END,
            state = CASE WHEN accepted_at IS NULL THEN 'refused' ELSE state END,
            blocked_until = CASE WHEN accepted_at IS NULL AND state <> 'refused'
                                 THEN tds_now() + $4::float8 * interval '1 ms' ELSE blocked_until END,
            last_fault = CASE WHEN accepted_at IS NULL THEN 'fresh_token' ELSE last_fault END, updated_at = tds_now()
      WHERE credentials_digest = $1 AND sealed_token = $2`,
    [digest, refusal.sealedToken, refusal.purpose, refusal.restMs],
  )
}

/** Notes that a call went well: the token is good, and so is the permission for this type of record. */
export async function noteZohoTokenAcceptance(db: Queryable, digest: string, use: TokenInUse): Promise<void> {
  await db.query(
    `UPDATE tds_zoho_tokens
        SET accepted_at = coalesce(accepted_at, tds_now()), refused_for = array_remove(refused_for, $3),
            accepted_for = array_remove(accepted_for, $3) || $3,
            state = CASE WHEN state = 'refused' AND last_fault = 'fresh_token' THEN 'usable' ELSE state END,
            blocked_until = CASE WHEN state = 'refused' AND last_fault = 'fresh_token' THEN NULL ELSE blocked_until END,
            last_fault = CASE WHEN state = 'refused' AND last_fault = 'fresh_token' THEN NULL ELSE last_fault END,
            updated_at = tds_now()
      WHERE credentials_digest = $1 AND sealed_token = $2`,
    [digest, use.sealedToken, use.purpose],
  )
}

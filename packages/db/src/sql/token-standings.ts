import type { Queryable } from '../queryable.ts'
import type { ZohoTokenState } from './zoho-tokens.ts'

/** How matters stand with one set of credentials: nothing of the credentials themselves. */
export interface TokenStanding {
  readonly state: ZohoTokenState
  /** Types of record that Zoho refuses to a good token. */
  readonly refused_for: readonly string[]
  readonly faults: number
}

/** Tells how matters stand with every set of credentials that was used in the last day: older ones were replaced. */
export async function tokenStandings(db: Queryable): Promise<TokenStanding[]> {
  const { rows } = await db.query<TokenStanding>(
    `SELECT state, refused_for, faults FROM tds_zoho_tokens
      WHERE updated_at > tds_now() - interval '1 day' ORDER BY updated_at DESC`,
    [],
    { name: 'token_standings' },
  )
  return rows
}

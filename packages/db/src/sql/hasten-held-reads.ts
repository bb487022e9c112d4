import type { Queryable } from '../queryable.ts'
import type { OwedReadKey, ReadReason } from './owed-reads.ts'

/**
 * Makes reads due that are held until the day's calls begin anew, where the day has calls again before: more were bought, or
 * the limit was raised. `perDay` is the limit of whoever asks, because the stored one is that of who asked for a call last.
 * A wait of minutes is left alone: it is for the rest of a reserve, which comes by and by. Returns the reads.
 */
export async function hastenHeldReads(
  tx: Queryable,
  o: { readonly perDay: number | null; readonly limit: number },
): Promise<(OwedReadKey & { readonly reason: ReadReason })[]> {
  const { rows } = await tx.query<OwedReadKey & { readonly reason: ReadReason }>(
    `WITH budget AS MATERIALIZED (
       SELECT at.organization_id FROM tds_call_budgets stored, tds_call_budget_at(stored, tds_now()) at
        WHERE at.exhausted_until IS NULL AND coalesce(least($1::int - at.day_used, at.told_remaining), 1) > 0
     ), held AS (
       SELECT r.organization_id, r.entity_type, r.zoho_id
         FROM tds_owed_reads r JOIN budget USING (organization_id)
        WHERE r.last_error LIKE 'zoho_quota_exhausted%' AND r.held_until < 'infinity'
          AND r.held_until > tds_now() + interval '15 minutes'
        ORDER BY 1, 2, 3
        LIMIT $2
          FOR UPDATE OF r SKIP LOCKED
     )
     UPDATE tds_owed_reads r SET due_at = tds_now(), held_until = NULL
       FROM held h
      WHERE r.organization_id = h.organization_id AND r.entity_type = h.entity_type AND r.zoho_id = h.zoho_id
     RETURNING r.organization_id AS "organizationId", r.entity_type AS "entityType", r.zoho_id AS "zohoId", r.reason`,
    [o.perDay, o.limit],
  )
  return rows
}

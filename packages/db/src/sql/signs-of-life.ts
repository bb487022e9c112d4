import type { Queryable } from '../queryable.ts'

/** That the source, or a webhook of its, spoke of a record as of one that lives. */
export interface SignOfLife {
  readonly organizationId: string
  readonly zohoId: string
  /** When the source was looked at; what was said before it was found missing proves nothing. */
  readonly lookedAt: string
  /** It is proof; otherwise only a reason to look again. */
  readonly proves: boolean
}

/**
 * Ends the holding of deletions whose records prove alive, and makes the held reads due of all records that signs were seen
 * of, one sign for a record. Mostly nothing is held, and then this is one look at an empty index.
 */
export async function noteSignsOfLife(
  tx: Queryable,
  entityType: string,
  signs: readonly SignOfLife[],
): Promise<void> {
  if (signs.length === 0) return
  await tx.query(
    `WITH named AS MATERIALIZED (
       SELECT h.organization_id, h.entity_type, h.zoho_id, s.proves
         FROM unnest($2::text[], $3::text[], $4::timestamptz[], $5::boolean[])
              AS s(organization_id, zoho_id, looked_at, proves)
         JOIN tds_held_deletions h ON h.organization_id = s.organization_id
          AND h.entity_type = $1::tds_entity_type AND h.zoho_id = s.zoho_id
        WHERE h.looked_at < s.looked_at
        ORDER BY 1, 3
          FOR UPDATE OF h
     ), living AS (
       DELETE FROM tds_held_deletions h USING named n
        WHERE n.proves AND h.organization_id = n.organization_id AND h.entity_type = n.entity_type
          AND h.zoho_id = n.zoho_id
     )
     UPDATE tds_owed_reads r SET due_at = tds_now(), held_until = NULL, last_error = NULL
       FROM named n
      WHERE r.organization_id = n.organization_id AND r.entity_type = n.entity_type AND r.zoho_id = n.zoho_id
        AND r.held_until = 'infinity'`,
    [
      entityType,
      signs.map((sign) => sign.organizationId),
      signs.map((sign) => sign.zohoId),
      signs.map((sign) => sign.lookedAt),
      signs.map((sign) => sign.proves),
    ],
    { name: 'note_signs_of_life' },
  )
}

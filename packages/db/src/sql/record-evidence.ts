import type { Queryable } from '../queryable.ts'

/** What our own papers know of a record, to tell how it came to differ. */
export interface RecordEvidence {
  readonly zoho_id: string
  /** The newest version that a webhook brought, of those still kept. */
  readonly newest_webhook: string | null
  /** A delivery of it is not applied yet. */
  readonly waiting: boolean
  /** What the latest applied change did; null where no change of ours ever touched it. */
  readonly last_change: 'created' | 'updated' | 'deleted' | 'restored' | null
}

/** Collects what inbox and audit trail know of the records. */
export async function recordEvidence(
  db: Queryable,
  o: { readonly organizationId: string; readonly entityType: string; readonly zohoIds: readonly string[] },
): Promise<RecordEvidence[]> {
  if (o.zohoIds.length === 0) return []
  const { rows } = await db.query<RecordEvidence>(
    `SELECT k.zoho_id, inbox.newest_webhook, coalesce(inbox.waiting, false) AS waiting,
            (SELECT a.operation::text FROM tds_audit_trail a
              WHERE a.organization_id = $1 AND a.entity_type = $2::tds_entity_type AND a.entity_id = k.zoho_id
              ORDER BY a.position DESC LIMIT 1) AS last_change
       FROM unnest($3::text[]) AS k(zoho_id)
       LEFT JOIN LATERAL (
              SELECT max(e.source_version) AS newest_webhook,
                     bool_or(e.status IN ('pending', 'processing', 'retry')) AS waiting
                FROM tds_inbox_events e
               WHERE e.entity_type = $2::tds_entity_type AND e.source_entity_id = k.zoho_id
                 AND e.organization_id = $1 AND e.source_type = 'zoho') AS inbox ON true`,
    [o.organizationId, o.entityType, o.zohoIds],
  )
  return rows
}

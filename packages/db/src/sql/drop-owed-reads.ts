import type { Queryable } from '../queryable.ts'
import type { ReadReason } from './owed-reads.ts'

/** Drops what is owed for one reason in one type, but for what somebody is reading now; returns how many. */
export async function dropOwedReads(
  tx: Queryable,
  o: { readonly organizationId: string; readonly entityType: string; readonly reason: ReadReason },
): Promise<number> {
  const { rowCount } = await tx.query(
    `DELETE FROM tds_owed_reads
      WHERE organization_id = $1 AND entity_type = $2::tds_entity_type AND reason = $3 AND claimed_by IS NULL`,
    [o.organizationId, o.entityType, o.reason],
  )
  return rowCount
}

import type { Queryable } from '../queryable.ts'
import type { ReadReason } from './owed-reads.ts'

/** How many reads of one type are owed for one reason. */
export interface OwedReadsOfType {
  readonly entity_type: string
  readonly reason: ReadReason
  readonly reads: number
  /** Of them those that may not be made yet although somebody wishes it: budget, outage, limit an hour. */
  readonly held: number
}

/** Counts the owed reads of an organisation by type and reason. */
export async function owedReadsByType(db: Queryable, organizationId: string): Promise<OwedReadsOfType[]> {
  const { rows } = await db.query<OwedReadsOfType>(
    `SELECT entity_type, reason, count(*)::int AS reads, count(*) FILTER (WHERE held_until > tds_now())::int AS held
       FROM tds_owed_reads WHERE organization_id = $1
      GROUP BY entity_type, reason ORDER BY entity_type, reads DESC, reason`,
    [organizationId],
  )
  return rows
}

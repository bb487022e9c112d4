import type { Queryable } from '../queryable.ts'
import type { ReadReason } from './owed-reads.ts'

/** How many reads are owed for one reason. */
export interface OwedReadCount {
  readonly reason: ReadReason
  readonly reads: number
  /** Of them those that may not be performed yet although somebody wishes it: budget, outage, limit an hour. */
  readonly held: number
}

/** Counts the owed reads by reason. */
export async function owedReadCounts(db: Queryable): Promise<OwedReadCount[]> {
  const { rows } = await db.query<OwedReadCount>(
    `SELECT reason, count(*)::int AS reads, count(*) FILTER (WHERE held_until > tds_now())::int AS held
       FROM tds_owed_reads GROUP BY reason`,
    [],
    { name: 'owed_read_counts' },
  )
  return rows
}

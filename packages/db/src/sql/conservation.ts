import type { Queryable } from '../queryable.ts'

/** A place where the counters and the rows of the inbox disagree. */
export interface UnconservedEvents {
  /** `waiting` for all that is not final, `recent` for what the last 15 minutes brought. */
  readonly scope: string
  readonly status: string | null
  /** Counted less present. */
  readonly difference: number
}

/** Compares the counters with the rows, in one statement and so at one moment. Empty where every event is conserved. */
export async function unconservedEvents(db: Queryable): Promise<UnconservedEvents[]> {
  const { rows } = await db.query<UnconservedEvents>(
    'SELECT scope, status::text, difference::int FROM tds_v_conservation WHERE difference <> 0 ORDER BY 1, 2',
  )
  return rows
}

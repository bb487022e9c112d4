import type { Queryable } from '../queryable.ts'

/** How many row versions of a table are dead, as Postgres estimates it. */
export interface DeadTuples {
  readonly table_name: string
  readonly dead: number
  readonly share: number
}

/** Tells of the tables with at least so many dead row versions, the largest share first. */
export async function deadTuples(db: Queryable, atLeast: number): Promise<DeadTuples[]> {
  const { rows } = await db.query<DeadTuples>(
    `SELECT relname AS table_name, n_dead_tup::int AS dead, (n_dead_tup::float8 / (n_live_tup + n_dead_tup)) AS share
       FROM pg_stat_user_tables
      WHERE schemaname = 'public' AND n_dead_tup >= greatest(1, $1::int)
      ORDER BY share DESC, relname LIMIT 20`,
    [atLeast],
    { name: 'dead_tuples' },
  )
  return rows
}

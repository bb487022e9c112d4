import type { Queryable } from '../queryable.ts'

/** The database's time, as exactly as a Date can hold it. One round trip, so it also shows that the database answers. */
export async function databaseTime(db: Queryable): Promise<Date> {
  const { rows } = await db.query<{ epoch_ms: number }>(
    'SELECT (extract(epoch FROM tds_now()) * 1000)::float8 AS epoch_ms',
    [],
    { name: 'database_time' },
  )
  return new Date(rows[0]?.epoch_ms ?? Number.NaN)
}

import type { Queryable } from '../queryable.ts'

/** The clock of one test database, for everybody who is connected to it. */
export interface TestClock {
  /** Sets the time, and how fast it goes on from there: 1 is as usual, 0 stands still. */
  set(time: string, rate?: number): Promise<void>
  /** Moves the time on at once. */
  advance(interval: string): Promise<void>
  now(): Promise<Date>
}

/**
 * Takes tds_now() over in a test's own database, so that a test may hold, move or hurry the time of all connections at
 * once. `tds.clock_offset` does as much for one session, or for those that connect later.
 */
export async function takeOverClock(db: Queryable): Promise<TestClock> {
  await db.query('CREATE TABLE test_clock (shown timestamptz, at timestamptz, rate double precision)')
  await db.query('INSERT INTO test_clock VALUES (clock_timestamp(), clock_timestamp(), 1)')
  await db.query(`CREATE OR REPLACE FUNCTION tds_now() RETURNS timestamptz LANGUAGE plpgsql STABLE AS $$
    BEGIN RETURN (SELECT shown + (clock_timestamp() - at) * rate FROM test_clock); END; $$`)
  return {
    set: async (time, rate = 0) => {
      await db.query('UPDATE test_clock SET shown = $1::timestamptz, at = clock_timestamp(), rate = $2', [
        time,
        rate,
      ])
    },
    advance: async (interval) => {
      await db.query('UPDATE test_clock SET shown = shown + $1::interval', [interval])
    },
    now: async () => {
      const { rows } = await db.query<{ now: string }>('SELECT tds_now() AS now')
      return new Date(rows[0]?.now ?? Number.NaN)
    },
  }
}

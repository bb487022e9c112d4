import type { Queryable } from '@tds/db'

/**
 * Turns off what a worker does by itself with lists: a test, or a benchmark, of something else shall meet no records but
 * those that it sent. Before the worker starts.
 */
export async function quietSchedules(db: Queryable): Promise<void> {
  await db.query(
    `UPDATE tds_configuration SET config_value = 'false' WHERE config_key IN ('sync.scheduled', 'enabled')`,
  )
}

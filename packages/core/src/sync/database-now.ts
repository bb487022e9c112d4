import type { Transaction } from '@tds/db'
import { readInstant, type Instant } from './instant.ts'

/** The database's time, to which versions of webhooks are compared. */
export async function databaseNow(tx: Transaction): Promise<Instant> {
  const { rows } = await tx.query<{ now: string }>('SELECT tds_now() AS now', [], { name: 'database_now' })
  const [row] = rows
  if (row === undefined) throw new RangeError('tds_now() gave no row')
  return readInstant(row.now)
}

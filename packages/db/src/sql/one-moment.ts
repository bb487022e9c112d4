import type { Queryable } from '../queryable.ts'

/** Has all statements of the transaction, which may only read, see the same moment. To be its first statement. */
export async function seeOneMoment(tx: Queryable): Promise<void> {
  await tx.query('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY')
}

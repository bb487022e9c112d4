import type { Database } from './database.ts'
import type { Transaction } from './queryable.ts'

/**
 * Runs work in a transaction. A rehearsal does everything and is then rolled back: its result is exactly what would have
 * been, because it was done.
 */
export async function transactOrRehearse<T>(
  db: Pick<Database, 'transaction'>,
  { dryRun }: { readonly dryRun: boolean },
  work: (tx: Transaction) => Promise<T>,
): Promise<T> {
  try {
    return await db.transaction(async (tx) => {
      const result = await work(tx)
      if (dryRun) throw new Rehearsed(result)
      return result
    })
  } catch (error) {
    if (error instanceof Rehearsed) return error.result as T
    throw error
  }
}

/** Carries the result of a rehearsal out of its transaction, which ends by being rolled back. */
class Rehearsed extends Error {
  readonly result: unknown

  constructor(result: unknown) {
    super('a rehearsal is rolled back')
    this.result = result
  }
}

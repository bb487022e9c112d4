import { listRuns, type Queryable, type StoredRun } from '@tds/db'
import { TdsError } from '@tds/runtime'

/** Finds a run by its id. Throws TdsError `run_not_found` (reject) where there is none. */
export async function findRun(db: Queryable, runId: string): Promise<StoredRun> {
  const [run] = await listRuns(db, { ids: [runId] }, { limit: 1, after: null })
  if (run !== undefined) return run
  throw new TdsError(`There is no run ${runId}`, {
    code: 'run_not_found',
    disposition: 'reject',
    nextStep: 'Look the id up with tds sync runs.',
    facts: { runId },
  })
}

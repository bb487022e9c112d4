import type { RunReport } from '../scan/read-list.ts'
import type { ReconciliationWish } from './index-run.ts'
import { reconcileFull, type FullParts } from './reconcile-full.ts'
import { reconcileIndex } from './reconcile-index.ts'

/** A comparison to carry out; its run has begun and is this worker's. */
export interface ComparisonTask extends ReconciliationWish {
  /** `index` compares what the list tells of every record, `full` looks at a slice of the details. */
  readonly depth: 'index' | 'full'
}

/** Compares a type with the source, by its list or by a slice of its details, as a run of the loop. */
export async function compareType(parts: FullParts, { depth, ...wish }: ComparisonTask): Promise<RunReport> {
  if (depth === 'full') {
    const { runId, status, counts } = await reconcileFull(parts, wish)
    return { runId, status, counts, whole: false, error: null }
  }
  const { runId, status, counts, error } = await reconcileIndex(parts, wish)
  return { runId, status, counts, whole: true, error }
}

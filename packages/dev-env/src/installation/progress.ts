import { setTimeout as sleep } from 'node:timers/promises'

import type { Queryable } from '@tds/db'

/** How far the events of one organisation have come. */
export interface Progress {
  /** Deliveries kept, duplicates not counted. */
  readonly received: number
  /** Further deliveries of the same. */
  readonly duplicates: number
  readonly applied: number
  readonly unchanged: number
  readonly stale: number
  readonly quarantined: number
  readonly deadLetters: number
  /** Events that are not final. */
  readonly waiting: number
  /** Records of which a read is owed that a delivery or an incomplete row waits for. */
  readonly owedReads: number
}

/** Counts the events of one organisation by what became of them. */
export async function readProgress(db: Queryable, organizationId: string): Promise<Progress> {
  const { rows } = await db.query<Record<keyof Progress, string>>(
    `SELECT count(*) AS received, coalesce(sum(duplicate_count), 0) + coalesce(sum(tallied.times), 0) AS duplicates,
            count(*) FILTER (WHERE status = 'applied') AS applied,
            count(*) FILTER (WHERE status = 'unchanged') AS unchanged,
            count(*) FILTER (WHERE status = 'stale') AS stale,
            count(*) FILTER (WHERE status = 'quarantined') AS quarantined,
            count(*) FILTER (WHERE status = 'dead_letter') AS "deadLetters",
            count(*) FILTER (WHERE status IN ('pending', 'processing', 'retry')) AS waiting,
            (SELECT count(*) FROM tds_owed_reads
              WHERE organization_id = $1 AND reason NOT IN ('parent', 'ripple')) AS "owedReads"
       FROM tds_inbox_events
       LEFT JOIN (SELECT event_id, sum(times) AS times FROM tds_duplicate_tallies GROUP BY event_id) AS tallied
         ON tallied.event_id = id
      WHERE organization_id = $1`,
    [organizationId],
  )
  const [counts] = rows
  if (counts === undefined) throw new RangeError('an aggregate gave no row')
  return Object.fromEntries(
    Object.entries(counts).map(([name, count]) => [name, Number(count)]),
  ) as unknown as Progress
}

/** Whether everything that was delivered has reached the mirror. */
export function isConverged({ waiting, owedReads }: Progress): boolean {
  return waiting === 0 && owedReads === 0
}

/**
 * Waits until everything that was delivered has reached the mirror, at most `withinMs`; the last look tells whether
 * it has (`isConverged`). Stops early when aborted.
 */
export async function untilConverged(
  db: Queryable,
  o: {
    readonly organizationId: string
    readonly withinMs: number
    readonly everyMs?: number
    readonly signal?: AbortSignal
    readonly onLook?: (progress: Progress) => void
  },
): Promise<Progress> {
  const limit = performance.now() + o.withinMs
  for (;;) {
    const progress = await readProgress(db, o.organizationId)
    o.onLook?.(progress)
    if (isConverged(progress) || performance.now() > limit || o.signal?.aborted) return progress
    await sleep(o.everyMs ?? 100, undefined, o.signal ? { signal: o.signal } : {}).catch(() => undefined)
  }
}

import { gauge } from '@tds/runtime'
import type { SegmentFacts } from './segment.ts'
import type { SpoolFault } from './spool-errors.ts'

/** How a spool stands; for health, metrics and readiness. */
export interface SpoolState {
  /** Null while it takes deliveries; otherwise why it does not. */
  readonly problem: { readonly code: SpoolFault; readonly message: string } | null
  /** Deliveries that wait to be drained, those of adopted folders included. */
  readonly records: number
  /** Bytes under SPOOL_DIR, those of other apis and of damaged parts included. */
  readonly bytes: number
  /** Age of the oldest delivery; null where none waits. */
  readonly oldestSeconds: number | null
  readonly adoptedFolders: number
  readonly tornFiles: number
  /** Free space of the volume, from 0 to 1; null before it was measured. */
  readonly freeShare: number | null
}

/** Adds up what waits in segments. */
export function sumSegments(
  segments: readonly SegmentFacts[],
): Pick<SpoolState, 'records' | 'oldestSeconds'> {
  const oldest = segments.flatMap(({ oldestAt }) => (oldestAt === null ? [] : [oldestAt.getTime()]))
  return {
    records: segments.reduce((sum, { records }) => sum + records, 0),
    // A clock set back makes nothing younger than it can be.
    oldestSeconds: oldest.length === 0 ? null : Math.max(0, (Date.now() - Math.min(...oldest)) / 1000),
  }
}

/** The spools that run in this process, for the gauges. */
export const runningSpools = new Set<() => SpoolState>()

function sumOf(figure: (state: SpoolState) => number): number {
  return [...runningSpools].reduce((sum, state) => sum + figure(state()), 0)
}

gauge({
  name: 'tds_spool_records',
  help: 'Deliveries in the spool that wait for Postgres.',
  collect: (records) => {
    records.set(sumOf((state) => state.records))
  },
})
gauge({
  name: 'tds_spool_bytes',
  help: 'Bytes under SPOOL_DIR, those of other apis and of damaged parts included.',
  collect: (bytes) => {
    bytes.set(sumOf((state) => state.bytes))
  },
})
gauge({
  name: 'tds_spool_oldest_seconds',
  help: 'Age of the oldest delivery in the spool; 0 where none waits.',
  collect: (age) => {
    age.set(sumOf((state) => state.oldestSeconds ?? 0))
  },
})
gauge({
  name: 'tds_spool_torn_files',
  help: 'Damaged parts of the spool that were set aside and wait for a person.',
  collect: (files) => {
    files.set(sumOf((state) => state.tornFiles))
  },
})
gauge({
  name: 'tds_spool_open',
  help: '1 while the spool would take a delivery, 0 while it is full, off or cannot be written to.',
  collect: (open) => {
    open.set(sumOf((state) => (state.problem === null ? 1 : 0)))
  },
})

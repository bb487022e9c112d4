import type { ReadReason } from '@tds/db'
import type { ChangeCause } from '../sync/change.ts'
import type { CallLane } from '../sync/record-source.ts'

/** How a list is read. */
export type ListMode = 'backfill' | 'incremental' | 'full' | 'since'

/** What follows from how a list is read. */
export interface ModeFacts {
  readonly lane: CallLane
  readonly cause: ChangeCause
  readonly readReason: ReadReason
  /** What it has seen counts for all later reads. */
  readonly movesWatermark: boolean
  /** Waits where it stands when the source may not be called; others end and are begun anew. */
  readonly resumable: boolean
}

/** The ways to read a list. */
export const listModes: Readonly<Record<ListMode, ModeFacts>> = {
  backfill: {
    lane: 'backfill',
    cause: 'backfill',
    readReason: 'backfill',
    movesWatermark: true,
    resumable: true,
  },
  incremental: {
    lane: 'incremental',
    cause: 'incremental',
    readReason: 'incremental',
    movesWatermark: true,
    resumable: false,
  },
  full: {
    lane: 'incremental',
    cause: 'manual',
    readReason: 'incremental',
    movesWatermark: true,
    resumable: true,
  },
  since: {
    lane: 'incremental',
    cause: 'manual',
    readReason: 'incremental',
    movesWatermark: false,
    resumable: false,
  },
}

import type { DifferenceClass, RecordEvidence } from '@tds/db'
import { readInstant, type Instant } from '../sync/instant.ts'

/** What is known about how a difference came about. */
export interface Clues {
  readonly class: DifferenceClass
  /** Zoho's version, where it is known. */
  readonly theirVersion: Instant | null
  /** What inbox and audit trail know of the record. */
  readonly evidence: Pick<RecordEvidence, 'newest_webhook' | 'waiting' | 'last_change'> | undefined
  /** Every field that differs is an amount or a number. */
  readonly onlyNumbers: boolean
}

/** Says in plain words what most likely brought a difference about. */
export function probableCause(clues: Clues): string {
  return causes[clues.class](clues)
}

const unseen = 'no webhook was seen for that version'

const causes: Readonly<Record<DifferenceClass, (clues: Clues) => string>> = {
  missing_here: (clues) => {
    if (clues.evidence?.waiting === true) return waits
    if (clues.evidence?.last_change != null) return 'the row was removed outside TDS'
    return clues.evidence?.newest_webhook == null ? 'no webhook was seen for it' : cameInVain
  },
  missing_in_zoho: ({ evidence }) =>
    evidence?.last_change == null
      ? 'written by hand: no change of TDS made this row'
      : 'deleted or merged in Zoho without a delivery',
  stale: (clues) => {
    if (clues.evidence?.waiting === true) return waits
    return wasSeen(clues) ? cameInVain : unseen
  },
  different: ({ onlyNumbers }) =>
    onlyNumbers
      ? 'moved without a version: Zoho moves stock and balances so'
      : 'changed without a version in Zoho, or written by hand',
  ahead: () => 'the version was written by hand, or Zoho went back to an older one',
  damaged: () => 'written by hand: the row was changed outside TDS',
  deleted_here: ({ evidence }) =>
    evidence?.last_change === 'deleted'
      ? 'restored in Zoho without a delivery'
      : 'marked as deleted by hand, outside TDS',
  duplicate: () => "Zoho's list holds it twice, with other content",
  unreadable: () => 'a value of it cannot be read exactly',
  changed_meanwhile: () => 'changed while it was compared',
}

const waits = 'its webhook is here and waits to be applied'
const cameInVain = 'a webhook for it came and was not applied: see its event'

function wasSeen({ theirVersion, evidence }: Clues): boolean {
  const newest = evidence?.newest_webhook ?? null
  return newest !== null && theirVersion !== null && readInstant(newest) >= theirVersion
}

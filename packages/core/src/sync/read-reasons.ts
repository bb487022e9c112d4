import type { ReadReason } from '@tds/db'
import type { ChangeCause } from './change.ts'
import type { CallLane } from './record-source.ts'

/** What follows from the reason of a read. */
export interface ReadKind {
  /** Where its call queues up. */
  readonly lane: CallLane
  /** The cause of what it finds, where no event asked. */
  readonly cause: ChangeCause
  /** In the words of the audit trail, where no event asked. */
  readonly says: string
  /** Of its job: an event that waits goes before a row that is merely incomplete. Null where reads of the kind have no job. */
  readonly priority: number | null
}

/** From this priority on an event waits for the job. */
export const eventPriority = 10

/** The kinds of reads. What an incomplete row or a missing parent brings belongs to the webhook that showed the gap. */
export const readKinds: Readonly<Record<ReadReason, ReadKind>> = {
  event: { lane: 'reread', cause: 'webhook', says: 're-read asked for by an event', priority: eventPriority },
  repeat: { lane: 'reread', cause: 'webhook', says: 'second look', priority: eventPriority },
  completing: { lane: 'reread', cause: 'webhook', says: 'completing read', priority: 0 },
  manual: { lane: 'repair', cause: 'manual', says: 'asked for by a person', priority: null },
  // A webhook that failed is made up for: what it would have brought, ripples included.
  ledger: { lane: 'repair', cause: 'webhook', says: 'named in the list of failed webhooks', priority: null },
  reconciliation: { lane: 'repair', cause: 'reconciliation', says: 'found to differ', priority: null },
  incremental: { lane: 'incremental', cause: 'incremental', says: 'found changed in a list', priority: null },
  parent: { lane: 'ripple', cause: 'webhook', says: 'named by a record and not here', priority: null },
  ripple: { lane: 'ripple', cause: 'drift', says: 'named by a record that changed', priority: null },
  backfill: { lane: 'backfill', cause: 'backfill', says: 'found by a first load', priority: null },
  verification: {
    lane: 'backfill',
    cause: 'reconciliation',
    says: 'looked at again in turn',
    priority: null,
  },
}

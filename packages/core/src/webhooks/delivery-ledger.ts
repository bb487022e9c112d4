import type { EntityType } from '../entities/define-entity.ts'
import type { Instant } from '../sync/instant.ts'

/** A delivery that the source could not make. */
export interface FailedDelivery {
  /** Names the entry of the list. */
  readonly id: string
  /** The kind of record it was about; null where that kind is not mirrored. */
  readonly entityType: EntityType | null
  /** The source's own word for the kind. */
  readonly module: string
  readonly zohoId: string
  /** When it last failed, by the source's clock. */
  readonly failedAt: Instant
}

/** A page of the list, as the source gave it. */
export interface LedgerPage {
  /** The latest first. */
  readonly failures: readonly FailedDelivery[]
  /** Rows that could not be read. */
  readonly unreadable: number
  /** What the source says; a list may lie. */
  readonly hasMore: boolean
}

/** The port through which the source's own list of failed deliveries is read. */
export interface DeliveryLedger {
  /**
   * Waits until the source may be called, then reads a page, from 1. Throws TdsError like reading a record, and
   * `zoho_ledger_unavailable` where the source has no such list for us.
   */
  readPage(wish: {
    readonly organizationId: string
    readonly page: number
    readonly perPage: number
    readonly signal: AbortSignal
  }): Promise<LedgerPage>
}

/** The code of the error that says that there is no such list for us. */
export const ledgerUnavailable = 'zoho_ledger_unavailable'

import type { EntityDefinition } from '../entities/define-entity.ts'
import type { ExactObject } from '../json/index.ts'
import type { Instant } from './instant.ts'

/**
 * What a call to Zoho is for, the most urgent first: a read that an event waits for, a repair, an incremental read, a
 * look at what a change may have moved, a first load. Calls are scarce; whoever is further down waits longer.
 */
export const callLanes = ['reread', 'repair', 'incremental', 'ripple', 'backfill'] as const

/** One of {@link callLanes}. */
export type CallLane = (typeof callLanes)[number]

/** A wish to make one call. */
export interface CallWish {
  readonly organizationId: string
  readonly entity: Pick<EntityDefinition, 'type' | 'source'>
  readonly lane: CallLane
  /** Ends the waiting, and the call. */
  readonly signal: AbortSignal
}

/** What the source says about the record: its detail, or that there is none. */
export type RecordAnswer =
  { readonly kind: 'found'; readonly record: ExactObject } | { readonly kind: 'not-there' }

/** Which page of a list. */
export interface PageWish {
  /** From 1. */
  readonly page: number
  readonly perPage: number
  /** Asks for what was changed at or after this, which a list may ignore without a word. Null asks for all. */
  readonly modifiedSince: Instant | null
}

/** A page of a list, as the source gave it. */
export interface ListPage {
  readonly rows: readonly ExactObject[]
  /** What the source says; a list may lie. */
  readonly hasMore: boolean
}

/** The right to make one call, now. */
export interface AdmittedCall {
  /**
   * Reads one record. Throws TdsError whose disposition says whether to ask again: `retry` (its `facts.retryAfterMs` says
   * when, where the source does) or `dead-letter`. `not-there` is said only when the source itself says so.
   */
  read(zohoId: string): Promise<RecordAnswer>
  /**
   * Reads many records of a type whose source has a call for that (`bulk`), as many as its limit allows, by id. A record
   * that is missing from the answer may be there all the same. Throws like `read`.
   */
  readMany(zohoIds: readonly string[]): Promise<ReadonlyMap<string, ExactObject>>
  /** Reads a page of the type's list, in the order that survives changes where there is one. Throws as `read` does. */
  readPage(wish: PageWish): Promise<ListPage>
  /** Gives the right back unused. Without effect once the call was made. */
  release(): Promise<void>
}

/** The port through which the source is read; the domain knows no other way to ask. */
export interface RecordSource {
  /**
   * Waits until the source may be called, so that nothing is claimed while one waits.
   * Throws TdsError with disposition `retry` and `facts.retryAfterMs` where that is too long to wait.
   */
  admit(wish: CallWish): Promise<AdmittedCall>
}

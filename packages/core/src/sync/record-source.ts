import type { EntityDefinition } from '../entities/define-entity.ts'
import type { ExactObject } from '../json/index.ts'

/** Which record to read. */
export interface RecordRequest {
  readonly organizationId: string
  readonly entity: Pick<EntityDefinition, 'type' | 'source'>
  readonly zohoId: string
  readonly signal: AbortSignal
}

/** What the source says about the record: its detail, or that there is none. */
export type RecordAnswer =
  { readonly kind: 'found'; readonly record: ExactObject } | { readonly kind: 'not-there' }

/**
 * The port through which one record is read from the source; the domain knows no other way to ask.
 * `read` throws TdsError whose disposition says whether to ask again: `retry` (its `facts.retryAfterMs` says when,
 * where the source does) or `dead-letter`. `not-there` is said only when the source itself says so.
 */
export interface RecordSource {
  read(request: RecordRequest): Promise<RecordAnswer>
}

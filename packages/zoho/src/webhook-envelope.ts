import {
  canonicalJson,
  entities,
  ExactNumber,
  exactStringify,
  isExactObject,
  parseExactJson,
  readZohoTime,
  sha256Hex,
  shownKey,
  UnusableBody,
  type EntityDefinition,
  type ExactJson,
  type ExactObject,
  type JsonFlag,
  type Operation,
  type ParsedJson,
  type UnusableReason,
} from '@tds/core'
import { TdsError } from '@tds/runtime'
import { bodyKindOf, isUtf8Declared } from './content-type.ts'
import { readFormFields } from './form-fields.ts'

/** The last segment of a webhook's path. */
export type WebhookAction = 'created' | 'updated' | 'deleted'

/** An authentic delivery, and what its address says of it. */
export interface Delivery {
  readonly entity: EntityDefinition
  /** Null where the path has no action: then the body's `event` counts, or it is an upsert. */
  readonly action: WebhookAction | null
  /** As decided from the query, the header or the configuration; a body that names another one is not used. */
  readonly organizationId: string
  readonly contentType: string | undefined
  readonly contentEncoding: string | undefined
  readonly rawBody: Buffer
  /** Against which a version from the future is judged. */
  readonly now: Date
}

/** Why an authentic delivery cannot be used: the quarantine reasons of the contract (docs/reference/http.md). */
export type QuarantineReason =
  | UnusableReason
  | 'not_object'
  | 'no_id'
  | 'bad_time'
  | 'future'
  | 'content_type'
  | 'encoding'
  | 'organization'
  | 'batch'
  | 'unsupported'

/** What was understood of a delivery. */
export interface UsableDelivery {
  readonly usable: true
  readonly operation: Operation
  /** Zoho's id of the record, digit for digit. */
  readonly sourceEntityId: string
  /** `last_modified_time`, or null where the body carries none. */
  readonly sourceVersion: Date | null
  /** The body as JSON text that Postgres can store as `jsonb`; of a form, the text in its JSONString. */
  readonly payloadText: string
  /** The delivery hash: the same for every spelling of the same body, JSON or form. */
  readonly contentHash: string
  readonly flags: JsonFlag[]
  /** The body only names the record and what happened to it. */
  readonly thin: boolean
}

/** Why a delivery cannot be used; it is kept for a person, never refused. */
export interface UnusableDelivery {
  readonly usable: false
  readonly reason: QuarantineReason
  /** One sentence that tells the operator what to do; of the body it repeats key names at most. */
  readonly detail: string
  readonly bytesHash: string
}

/** A delivery read, one way or the other. */
export type ReadDelivery = UsableDelivery | UnusableDelivery

/**
 * Reads an authentic delivery: JSON with the record under its singular key, a form with that text in `JSONString`,
 * the bare record, or the thin `{"entity","event","id"}`. What would have to be guessed is unusable, and says why.
 */
export function readDelivery(delivery: Delivery): ReadDelivery {
  try {
    return readUsable(delivery)
  } catch (error) {
    if (!(error instanceof UnusableBody || error instanceof UnusableEnvelope)) throw error
    const detail = `${error.message.replace(/\.$/, '')}; ${error.nextStep}`
    return { usable: false, reason: error.reason, detail, bytesHash: sha256Hex(delivery.rawBody) }
  }
}

function readUsable(delivery: Delivery): UsableDelivery {
  const { value, text, flags } = parseBody(delivery)
  if (!isExactObject(value)) {
    throw new UnusableEnvelope('not_object', 'The body is JSON but not an object.', 'send one record as an object.')
  }
  const envelope = openEnvelope(delivery.entity, value)
  const record = envelope.record ?? envelope.body
  requireOrganization(delivery, envelope)
  return {
    usable: true,
    operation: operationOf(delivery, envelope),
    sourceEntityId: idOf(delivery.entity, envelope),
    sourceVersion: versionOf(record, delivery.now),
    // Postgres refuses NUL and half pairs even as escapes, so the text with them is written anew.
    payloadText: flags.some((flag) => flag !== 'bom') ? exactStringify(value) : text,
    contentHash: sha256Hex(canonicalJson(value)),
    flags,
    thin: isThin(delivery.entity, envelope),
  }
}

/** Found in a body that is exact JSON, but not of a record that can be used. */
class UnusableEnvelope extends TdsError {
  readonly reason: QuarantineReason

  constructor(reason: QuarantineReason, message: string, nextStep: string) {
    super(message, { code: reason, disposition: 'reject', nextStep })
    this.reason = reason
  }
}

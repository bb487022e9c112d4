import {
  canonicalJson,
  exactStringify,
  isExactObject,
  sha256Hex,
  UnusableBody,
  type EntityDefinition,
  type JsonFlag,
  type Operation,
} from '@tds/core'
import { parseBody, type DeliveryBody } from './delivery-body.ts'
import {
  openEnvelope,
  operationOf,
  recordIdOf,
  requireNear,
  requireOrganization,
  sourceVersionOf,
  type WebhookAction,
} from './open-envelope.ts'
import { UnusableEnvelope, type QuarantineReason } from './unusable-envelope.ts'

/** An authentic delivery, and what its address says of it. */
export interface Delivery extends DeliveryBody {
  readonly entity: EntityDefinition
  /** Null where the path has no action: then the body's `event` counts, or it is an upsert. */
  readonly action: WebhookAction | null
  /** As decided from the query, the header or the configuration; a body that names another one is not used. */
  readonly organizationId: string
  /** Against which a version from the future is judged. */
  readonly now: Date
}

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
  /** The body names the record and what happened to it, and carries nothing of it. */
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
    return { usable: false, ...faultOf(error), bytesHash: sha256Hex(delivery.rawBody) }
  }
}

/**
 * Judges the version of a delivery that was read when the database's time was not known: what makes it unusable, or null.
 */
export function judgeVersion(version: Date, now: Date): Pick<UnusableDelivery, 'reason' | 'detail'> | null {
  try {
    requireNear(version, now)
    return null
  } catch (error) {
    return faultOf(error)
  }
}

function faultOf(error: unknown): Pick<UnusableDelivery, 'reason' | 'detail'> {
  if (!(error instanceof UnusableBody || error instanceof UnusableEnvelope)) throw error
  return { reason: error.reason, detail: oneSentence(error.message, error.nextStep) }
}

function readUsable(delivery: Delivery): UsableDelivery {
  const { value, text, flags } = parseBody(delivery)
  if (!isExactObject(value)) throw noObject()
  const envelope = openEnvelope(delivery.entity, value)
  const operation = operationOf(envelope, delivery.action)
  const sourceEntityId = recordIdOf(delivery.entity, envelope)
  requireOrganization(envelope, delivery.organizationId)
  return {
    usable: true,
    operation,
    sourceEntityId,
    sourceVersion: sourceVersionOf(envelope, delivery.now),
    // Postgres refuses NUL and half pairs even as escapes, so a text that had them is written anew.
    payloadText: flags.some((flag) => flag !== 'bom') ? exactStringify(value) : text,
    contentHash: sha256Hex(canonicalJson(value)),
    flags,
    thin: envelope.thin,
  }
}

function noObject(): UnusableEnvelope {
  return new UnusableEnvelope('not_object', {
    problem: 'The body is JSON but not an object.',
    nextStep: 'Send one record per delivery, under its singular key.',
  })
}

function oneSentence(problem: string, nextStep: string): string {
  return `${problem.replace(/\.$/, '')}; ${nextStep.charAt(0).toLowerCase()}${nextStep.slice(1)}`
}

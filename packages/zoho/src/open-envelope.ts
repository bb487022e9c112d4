import {
  entities,
  ExactNumber,
  isExactObject,
  readZohoTime,
  shownKey,
  type EntityDefinition,
  type ExactJson,
  type ExactObject,
  type Operation,
} from '@tds/core'
import { UnusableEnvelope } from './unusable-envelope.ts'

/** The last segment of a webhook's path. */
export type WebhookAction = 'created' | 'updated' | 'deleted'

/** A body taken apart: the record as Zoho sent it, and what surrounds it. */
export interface Envelope {
  readonly body: ExactObject
  /** The record under its singular key, or the body itself where it came bare or thin. */
  readonly record: ExactObject
  /** The value of `event`, or null. */
  readonly event: Operation | null
  /** The body says which record it is about (`entity`, `event`), so that its plain `id` is the record's. */
  readonly addressed: boolean
  readonly thin: boolean
}

/**
 * Finds the record in a body that came to this type's address. It tolerates a missing wrapper and extra keys, because
 * operators write bodies by hand; but a body about something else, or about several records, is never half used.
 * Throws UnusableEnvelope `batch`, `not_object` or `unsupported`.
 */
export function openEnvelope(entity: EntityDefinition, body: ExactObject): Envelope {
  const { wrapper, listKey, id } = entity.source
  const wrapped = body[wrapper]
  if (Array.isArray(wrapped)) throw severalRecords(wrapper)
  if (wrapped !== undefined && !isExactObject(wrapped)) throw noRecord(wrapper)
  const isBare = wrapped === undefined && body[id] !== undefined
  if (!isBare && Array.isArray(body[listKey])) throw severalRecords(listKey)
  const word = textOf(body, 'entity')
  if (word !== null && !wordsFor(entity).includes(word)) throw otherEntity(entity)
  const event = eventOf(body)
  const addressed = word !== null || event !== null
  if (wrapped?.[id] === undefined) refuseOtherBareRecord(entity, body)
  if (wrapped !== undefined) refuseSecondRecord(entity, body)
  else if (!isBare && !addressed) refuseOtherRecord(entity, body)
  return {
    body,
    record: wrapped ?? body,
    event,
    addressed,
    thin: wrapped === undefined && isThin(entity, body),
  }
}

/** The operation: the path's action, else the body's event, else upsert. Throws UnusableEnvelope where the two disagree. */
export function operationOf(envelope: Envelope, action: WebhookAction | null): Operation {
  if (action === null) return envelope.event ?? 'upsert'
  const operation = operationsByAction[action]
  if (envelope.event === null || envelope.event === operation) return operation
  // Zoho's "created or edited" is what one rule for both addresses would send.
  if (envelope.event === 'upsert' && operation !== 'delete') return operation
  throw unsupported(
    `The body's event and the address's action "${action}" name different operations.`,
    'Correct the address of the webhook, or the event in its body.',
  )
}

/** The record's id, digit for digit, from the record or from an envelope that names it. Throws UnusableEnvelope. */
export function recordIdOf(entity: EntityDefinition, envelope: Envelope): string {
  const key = entity.source.id
  const { body, record, addressed } = envelope
  const [id, ...others] = [record[key], body[key], addressed ? body['id'] : undefined].flatMap((value) =>
    isBlank(value) ? [] : [digitsOf(value, key)],
  )
  if (id === undefined) throw noId(key)
  if (others.some((other) => other !== id)) {
    throw unsupported(
      'The body names two different ids.',
      `Have the sender give the id of one record as ${shownKey(key)}.`,
    )
  }
  return id
}

/** Throws UnusableEnvelope when body or record name another organisation than the one decided. */
export function requireOrganization(envelope: Envelope, organizationId: string): void {
  for (const value of [envelope.body['organization_id'], envelope.record['organization_id']]) {
    if (isBlank(value)) continue
    if ((value instanceof ExactNumber ? value.source : value) !== organizationId) throw otherOrganization()
  }
}

/** The record's version, or null where it carries none. Throws UnusableEnvelope `bad_time` and `future`. */
export function sourceVersionOf(envelope: Envelope, now: Date): Date | null {
  const value = envelope.record['last_modified_time']
  if (isBlank(value)) return null
  const version = readVersion(value)
  requireNear(version, now)
  return version
}

/** Throws UnusableEnvelope `future` for a version that lies more than a day ahead of `now`. */
export function requireNear(version: Date, now: Date): void {
  if (version.getTime() > now.getTime() + furthestAheadMs) throw tooFarAhead()
}

/** A version further ahead would freeze the record: everything genuine after it would be older. */
const furthestAheadMs = 24 * 3_600_000

function readVersion(value: ExactJson): Date {
  try {
    return readZohoTime(value)
  } catch {
    throw new UnusableEnvelope('bad_time', {
      problem: 'The value of "last_modified_time" is no time that can be read exactly.',
      nextStep: 'Have the sender write it as Zoho does, for example 2026-07-21T16:03:55+0100.',
    })
  }
}

/** Our words and Zoho's for the type; another letter case is another word. */
function wordsFor({ type, resource, aliases, source }: EntityDefinition): string[] {
  return [type, resource, ...aliases, source.wrapper, source.listKey, ...source.names]
}

function eventOf(body: ExactObject): Operation | null {
  const word = textOf(body, 'event')
  if (word === null) return null
  const operation = operationsByWord.get(word)
  if (operation !== undefined) return operation
  throw unsupported(
    'The body\'s "event" is no operation we know.',
    'Use created, updated or deleted, in small letters.',
  )
}

const operationsByAction: Readonly<Record<WebhookAction, Operation>> = {
  created: 'create',
  updated: 'update',
  deleted: 'delete',
}

// Ours, and those of Zoho's workflow rules for what sets off a webhook. A map, because a body may say `constructor`.
const operationsByWord: ReadonlyMap<string, Operation> = new Map<string, Operation>([
  ...(Object.entries(operationsByAction) as [WebhookAction, Operation][]),
  ['create', 'create'],
  ['update', 'update'],
  ['delete', 'delete'],
  ['upsert', 'upsert'],
  ['edited', 'update'],
  ['created_or_edited', 'upsert'],
  ['submitted', 'update'],
  ['approved', 'update'],
  ['rejected', 'update'],
])

/** A key of the envelope as text; blank counts as absent, as an empty placeholder leaves it. */
function textOf(body: ExactObject, key: string): string | null {
  const value = body[key]
  if (isBlank(value)) return null
  if (typeof value === 'string') return value
  throw unsupported(`The value of "${key}" is not text.`, 'Correct the text configured for the webhook.')
}

/** Beside our record stands one of another type: only one of the two would be used. */
function refuseSecondRecord(entity: EntityDefinition, body: ExactObject): void {
  for (const { source } of entities) {
    const beside = body[source.wrapper]
    if (
      source.wrapper !== entity.source.wrapper &&
      isExactObject(beside) &&
      beside[source.id] !== undefined
    ) {
      throw severalRecords(source.wrapper)
    }
  }
}

/**
 * A credit note names its invoice by id, an invoice has a part called `contact`: neither makes a bare record ours, if it
 * lacks what ours must have and is whole as one of another type.
 */
function refuseOtherBareRecord(entity: EntityDefinition, body: ExactObject): void {
  if (isWhole(entity, body)) return
  const other = entities.find(
    (one) => one !== entity && body[one.source.id] !== undefined && isWhole(one, body),
  )
  if (other !== undefined) throw otherRecord(entity, other.source.id)
}

function isWhole({ columns }: EntityDefinition, body: ExactObject): boolean {
  return columns
    .filter((column) => column.required)
    .every((column) => column.keys.some((key) => body[key] !== undefined))
}

/** A body without our wrapper, our id or a word for us: the record of another type, several, or none at all. */
function refuseOtherRecord(entity: EntityDefinition, body: ExactObject): void {
  const keys = Object.keys(body)
  const known = entities.flatMap(({ source }) => [source.wrapper, source.listKey, source.id])
  // A type that this build does not know shows itself by standing alone.
  const key = keys.find((candidate) => known.includes(candidate)) ?? (keys.length === 1 ? keys[0] : undefined)
  if (key === undefined) return
  if (Array.isArray(body[key])) throw severalRecords(key)
  if (isExactObject(body[key]) || known.includes(key)) throw otherRecord(entity, key)
}

function isThin({ source }: EntityDefinition, body: ExactObject): boolean {
  const envelopeKeys = ['entity', 'event', 'id', source.id, 'organization_id', 'last_modified_time']
  return Object.keys(body).every((key) => envelopeKeys.includes(key))
}

/** Text of 1 to 100 digits, or a bare whole number of as many. Ids have up to 19 digits: never through a double. */
function digitsOf(value: ExactJson, key: string): string {
  const digits = value instanceof ExactNumber ? value.source : value
  if (typeof digits !== 'string' || !/^\d{1,100}$/.test(digits)) throw noId(key)
  return digits
}

function isBlank(value: ExactJson | undefined): value is undefined | null | '' {
  return value === undefined || value === null || value === ''
}

function unsupported(problem: string, nextStep: string): UnusableEnvelope {
  return new UnusableEnvelope('unsupported', { problem, nextStep })
}

function otherEntity(entity: EntityDefinition): UnusableEnvelope {
  return unsupported(
    `The body's "entity" is no word for what the address /webhooks/${entity.resource} takes.`,
    'Point the webhook at the address of its own kind of record.',
  )
}

function otherRecord(entity: EntityDefinition, key: string): UnusableEnvelope {
  return unsupported(
    `The body holds ${shownKey(key)}, but the address /webhooks/${entity.resource} takes a record under "${entity.source.wrapper}".`,
    'Point the webhook at the address of its own kind of record.',
  )
}

function severalRecords(key: string): UnusableEnvelope {
  return new UnusableEnvelope('batch', {
    problem: `The body holds more than one record, or a list of them, under ${shownKey(key)}.`,
    nextStep: 'Have the sender make one delivery per record.',
  })
}

function noRecord(wrapper: string): UnusableEnvelope {
  return new UnusableEnvelope('not_object', {
    problem: `The value of "${wrapper}" is not an object.`,
    nextStep: 'Send the record itself under that key.',
  })
}

function noId(key: string): UnusableEnvelope {
  return new UnusableEnvelope('no_id', {
    problem: `The body has no ${shownKey(key)} of digits.`,
    nextStep: 'Add the id of the record to the text configured for the webhook.',
  })
}

function otherOrganization(): UnusableEnvelope {
  return new UnusableEnvelope('organization', {
    problem: 'The body names another organisation than the address does.',
    nextStep: 'Set organization_id in the address of the webhook to the organisation that sends it.',
  })
}

function tooFarAhead(): UnusableEnvelope {
  return new UnusableEnvelope('future', {
    problem: 'The value of "last_modified_time" lies more than 24 hours ahead of our clock.',
    nextStep: "Check the sender's clock and ours, then replay the delivery.",
  })
}

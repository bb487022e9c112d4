import { z } from 'zod'
import type { IncomingEvent } from '@tds/core'

/** A delivery as it lies in the spool: the event that was promised, and when. */
export interface SpooledDelivery {
  /** Its id and key, nonce included, are those of the answer; it folds into nothing. */
  readonly event: IncomingEvent
  /** By this machine's clock. */
  readonly spooledAt: Date
}

/** A record that is whole and yet cannot be read: written by another version of the program. */
export class UnreadableRecord extends Error {
  override readonly name = 'UnreadableRecord'
}

const factsSchema = z.strictObject({
  spooledAt: z.iso.datetime(),
  id: z.uuid(),
  organizationId: z.string(),
  sourceType: z.literal('zoho'),
  entityType: z.string(),
  sourceEntityId: z.string().nullable(),
  operation: z.enum(['create', 'update', 'delete', 'upsert']),
  idempotencyKey: z.string(),
  contentHash: z.string(),
  sourceVersion: z.iso.datetime().nullable(),
  headers: z.record(z.string(), z.string()),
  remoteAddress: z.string().nullable(),
  signatureVerified: z.boolean(),
  status: z.enum(['pending', 'quarantined']),
  errorCode: z.string().nullable(),
  errorMessage: z.string().nullable(),
  flags: z.array(z.string()),
  requestId: z.string().nullable(),
  /** Most payloads are the body itself, which is then kept once. */
  payload: z.enum(['none', 'body', 'own']),
  bodyBytes: z.int().nonnegative(),
})

type Facts = z.output<typeof factsSchema>

/** Writes a delivery as a record: length of the facts, the facts as JSON, the exact body, the payload if it is another text. */
export function writeSpooled({ event, spooledAt }: SpooledDelivery): Buffer {
  const { rawBody, payload, foldKey: _foldKey, sourceVersion, ...rest } = event
  const text = payload === null ? null : Buffer.from(payload)
  const kind = text === null ? 'none' : text.equals(rawBody) ? 'body' : 'own'
  const facts = {
    ...rest,
    spooledAt: spooledAt.toISOString(),
    sourceVersion: sourceVersion?.toISOString() ?? null,
    payload: kind,
    bodyBytes: rawBody.length,
  }
  const written = Buffer.from(JSON.stringify(facts))
  const length = Buffer.alloc(4)
  length.writeUInt32BE(written.length)
  return Buffer.concat([length, written, rawBody, ...(kind === 'own' && text !== null ? [text] : [])])
}

/** Reads what `writeSpooled` wrote. Throws UnreadableRecord for anything else. */
export function readSpooled(record: Buffer): SpooledDelivery {
  const { facts, rest } = factsOf(record)
  const { spooledAt, sourceVersion, payload, bodyBytes, sourceType, ...same } = facts
  const rawBody = rest.subarray(0, bodyBytes)
  return {
    spooledAt: new Date(spooledAt),
    event: {
      ...same,
      sourceType,
      foldKey: null,
      sourceVersion: sourceVersion === null ? null : new Date(sourceVersion),
      rawBody,
      payload: payloadOf(payload, { rawBody, behind: rest.subarray(bodyBytes) }),
    },
  }
}

/** When a record was spooled, without reading the whole of it. Throws UnreadableRecord. */
export function spooledAtOf(record: Buffer): Date {
  return new Date(factsOf(record).facts.spooledAt)
}

function factsOf(record: Buffer): { readonly facts: Facts; readonly rest: Buffer } {
  try {
    const end = 4 + record.readUInt32BE(0)
    const facts = factsSchema.parse(JSON.parse(record.toString('utf8', 4, end)))
    const rest = record.subarray(end)
    if (rest.length < facts.bodyBytes) throw new RangeError('the body is shorter than its facts say')
    return { facts, rest }
  } catch (error) {
    throw new UnreadableRecord('the record cannot be read by this version', { cause: error })
  }
}

function payloadOf(
  kind: Facts['payload'],
  { rawBody, behind }: { readonly rawBody: Buffer; readonly behind: Buffer },
): string | null {
  if (kind === 'none') return null
  return (kind === 'body' ? rawBody : behind).toString('utf8')
}

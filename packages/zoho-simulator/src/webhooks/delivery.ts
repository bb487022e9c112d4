import { writeJson } from '../exact/json.ts'
import { withLocationNames } from '../exact/location-names.ts'
import type { Mutation, MutationKind } from '../mutations/mutate.ts'
import type { Random } from '../random.ts'
import { kinds } from '../world/kinds.ts'
import type { RecordType } from '../world/record-type.ts'
import { actionOf, carriesVersion, webhookBody, type BodyShape, type WebhookAction } from './shape.ts'
import { signDelivery } from './sign.ts'

/** How a body can be packed: as JSON, or as a form whose field JSONString holds the JSON text. */
export const encodings = ['json', 'form'] as const

/** One of them. */
export type Encoding = (typeof encodings)[number]

/** One webhook, ready to be sent: its bytes do not change any more. */
export interface Delivery {
  /** Its place in the order in which Zoho made the deliveries, from 1; sending may follow another order. */
  sequence: number
  type: RecordType
  id: string
  mutation: MutationKind
  /** Which change an update made. */
  change: string | null
  /** The version of the record that the delivery speaks of, in Zoho's form. */
  version: string
  versionMs: number
  /** Whether the body says so itself. */
  carriesVersion: boolean
  shape: BodyShape
  encoding: Encoding
  /** The action in the path; null where the path has none. */
  action: WebhookAction | null
  /** The sequence of the delivery whose bytes it repeats. */
  duplicateOf: number | null
  method: 'POST'
  /** Path and query, to be put behind the target. */
  path: string
  headers: Record<string, string>
  body: Buffer
}

/** How one mutation is to be told. */
export interface DeliveryForm {
  sequence: number
  shape: BodyShape
  encoding: Encoding
  /** Whether the action stands in the path. */
  actionInPath: boolean
  organizationId: string
  /** Null for a webhook that somebody set up without a secret: it carries no signature. */
  secret: string | null
  /** Whether the body says location_* or, as older organisations do, warehouse_*. */
  locationNames?: 'location' | 'warehouse' | undefined
  random: Random
}

/** Makes the webhook by which Zoho tells of a mutation. */
export function makeDelivery(mutation: Mutation, form: DeliveryForm): Delivery {
  const { sequence, shape, encoding, organizationId, secret, random } = form
  const record = webhookBody(mutation, { shape, organizationId, random })
  const action = form.actionInPath ? actionOf(mutation.kind) : null
  const query = new URLSearchParams({ organization_id: organizationId })
  const packed = pack(writeJson(withLocationNames(record, form.locationNames ?? 'location')), encoding)
  return {
    sequence,
    type: mutation.type,
    id: mutation.id,
    mutation: mutation.kind,
    change: mutation.change,
    version: mutation.version,
    versionMs: mutation.versionMs,
    carriesVersion: carriesVersion(record),
    shape,
    encoding,
    action,
    duplicateOf: null,
    method: 'POST',
    path: webhookPath(mutation.type, action, query),
    headers: { 'Content-Type': packed.contentType, ...signatureHeader(secret, query, packed) },
    body: packed.body,
  }
}

interface Packed {
  contentType: string
  form: URLSearchParams
  body: Buffer
}

function pack(text: string, encoding: Encoding): Packed {
  if (encoding === 'json') {
    return {
      contentType: 'application/json;charset=UTF-8',
      form: new URLSearchParams(),
      body: Buffer.from(text),
    }
  }
  const form = new URLSearchParams({ JSONString: text })
  return {
    contentType: 'application/x-www-form-urlencoded;charset=UTF-8',
    form,
    body: Buffer.from(form.toString()),
  }
}

function webhookPath(type: RecordType, action: WebhookAction | null, query: URLSearchParams): string {
  const path = `/webhooks/${kinds[type].resource}`
  return `${path}${action === null ? '' : `/${action}`}?${query.toString()}`
}

function signatureHeader(
  secret: string | null,
  query: URLSearchParams,
  packed: Packed,
): Record<string, string> {
  if (secret === null) return {}
  // The bytes of a form are not signed as such, only its pairs.
  const body = packed.form.size === 0 ? packed.body : ''
  return { 'X-Zoho-Webhook-Signature': signDelivery({ secret, query, form: packed.form, body }) }
}

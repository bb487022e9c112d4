import { createHmac, timingSafeEqual } from 'node:crypto'
import { bodyKindOf } from './content-type.ts'
import { readFormFields, type FormField } from './form-fields.ts'
import { withoutBlanks } from './without-blanks.ts'

/**
 * Forms of the signature that are tried beside the documented one, each only where the operator switched it on:
 * `body` leaves out the query pairs, `compact` drops the blanks between JSON's tokens, `base64` is another encoding.
 */
export type SignatureVariant = 'body' | 'compact' | 'base64'

/** A delivery as far as its signature covers it. */
export interface SignedDelivery {
  /** `X-Zoho-Webhook-Signature` as received; Node joins a repeated header with a comma, which matches nothing. */
  readonly header: string | readonly string[] | undefined
  /** Every one is valid, so that secrets can rotate. */
  readonly secrets: readonly string[]
  /** The pairs of the query string, decoded. */
  readonly query: readonly (readonly [string, string])[]
  readonly contentType: string | undefined
  readonly rawBody: Buffer
  readonly variants: readonly SignatureVariant[]
}

/** What matched, for logs and counters: which secret by its place in the list, never the secret, and which form. */
export interface SignatureMatch {
  readonly secretIndex: number
  /** `documented`, or the variants that it took, such as `compact+base64`. */
  readonly form: string
}

/**
 * Finds the secret with which a delivery was signed, or null. The signed text is the query's and the form's pairs
 * together, sorted by key, key and value run together, then the body's bytes if it is JSON; HMAC-SHA256 of it, lower-case hex.
 * Every secret and form is tried to the end and compared in constant time, so that timing tells nothing of a secret.
 * Source of the rule: docs/reference/zoho.md, signature.
 */
export function matchSignature(delivery: SignedDelivery): SignatureMatch | null {
  const claimed = claimedDigest(delivery)
  if (claimed === null) return null
  let match: SignatureMatch | null = null
  for (const { form, text } of signedTexts(delivery)) {
    delivery.secrets.forEach((secret, secretIndex) => {
      const isMatch = timingSafeEqual(createHmac('sha256', secret).update(text).digest(), claimed.digest)
      // With an empty key anybody could sign.
      if (isMatch && secret !== '') match ??= { secretIndex, form: formName(form, claimed.encoding) }
    })
  }
  return match
}

interface ClaimedDigest {
  readonly digest: Buffer
  readonly encoding: 'hex' | 'base64'
}

function claimedDigest({ header, variants }: SignedDelivery): ClaimedDigest | null {
  if (typeof header !== 'string') return null
  if (/^[0-9a-f]{64}$/.test(header)) return { digest: Buffer.from(header, 'hex'), encoding: 'hex' }
  // The last character before the padding carries two bits that must be zero, or several texts would decode alike.
  if (variants.includes('base64') && /^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$/.test(header)) {
    return { digest: Buffer.from(header, 'base64'), encoding: 'base64' }
  }
  return null
}

interface SignedText {
  readonly form: readonly SignatureVariant[]
  readonly text: Buffer
}

/** The text that each form of the signature covers; none for a form body of more fields than are taken apart. */
function signedTexts(delivery: SignedDelivery): SignedText[] {
  const isForm = bodyKindOf(delivery.contentType) === 'form'
  const fields = isForm ? readFormFields(delivery.rawBody) : []
  if (fields === null) return []
  const body = isForm ? null : delivery.rawBody
  const parts = { query: delivery.query, fields, body }
  const forms: SignatureVariant[][] = [[]]
  for (const variant of ['body', 'compact'] as const) {
    if (delivery.variants.includes(variant)) forms.push(...forms.map((form) => [...form, variant]))
  }
  return forms.map((form) => ({ form, text: signedText(parts, form) }))
}

interface SignedParts {
  readonly query: SignedDelivery['query']
  readonly fields: readonly FormField[]
  /** Null for a form, whose fields are all that is signed of it. */
  readonly body: Buffer | null
}

function signedText({ query, fields, body }: SignedParts, form: readonly SignatureVariant[]): Buffer {
  const written = (json: Buffer): Buffer => (form.includes('compact') ? withoutBlanks(json) : json)
  const pairs: { readonly key: string; readonly bytes: Buffer }[] = [
    ...(form.includes('body') ? [] : query).map(([key, value]) => ({ key, bytes: Buffer.from(key + value) })),
    ...fields.map(({ key, value }) => ({
      key: key.toString(),
      bytes: Buffer.concat([key, written(value)]),
    })),
  ]
  if (pairs.length === 0 && body !== null) return written(body)
  pairs.sort((left, right) => (left.key < right.key ? -1 : left.key > right.key ? 1 : 0))
  return Buffer.concat([...pairs.map((pair) => pair.bytes), ...(body === null ? [] : [written(body)])])
}

function formName(form: readonly SignatureVariant[], encoding: ClaimedDigest['encoding']): string {
  return [...form, ...(encoding === 'base64' ? ['base64'] : [])].join('+') || 'documented'
}

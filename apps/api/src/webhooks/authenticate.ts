import type { IncomingHttpHeaders } from 'node:http'
import { matchKey, matchSignature, type SignatureVariant } from '@tds/zoho'

/** The secrets that make a delivery authentic; every one is valid. */
export interface WebhookSecrets {
  readonly signatureSecrets: readonly string[]
  readonly keys: readonly string[]
  readonly signatureVariants: readonly SignatureVariant[]
}

/** A delivery as far as authentication looks at it. */
export interface UnverifiedDelivery {
  readonly headers: IncomingHttpHeaders
  /** The pairs of the query string, decoded. */
  readonly query: readonly (readonly [string, string])[]
  readonly rawBody: Buffer
}

/** Why a delivery is not authentic; for counters and logs, never for the sender. */
export type RefusalReason =
  'nothing_sent' | 'signature_malformed' | 'signature_wrong' | 'signature_not_configured' | 'key_wrong'

/** Whether a delivery is authentic, and by what. */
export type Authentication =
  | {
      readonly authentic: true
      readonly by: 'signature' | 'key'
      readonly secret: number
      readonly form: string
    }
  | { readonly authentic: false; readonly reason: RefusalReason }

/**
 * Decides whether a delivery is authentic. A signature, if one was sent, alone decides; the key is only looked at
 * without one. Whatever is wrong, a signature is computed over the body, so that the time taken does not tell what.
 */
export function authenticate(delivery: UnverifiedDelivery, secrets: WebhookSecrets): Authentication {
  const { 'x-zoho-webhook-signature': signature, 'x-webhook-key': key } = delivery.headers
  if (signature !== undefined) return bySignature(delivery, { signature, secrets })
  const secret = matchKey(key, secrets.keys)
  if (secret !== null) return { authentic: true, by: 'key', secret, form: 'key' }
  spendTheTimeOfASignature(delivery, secrets)
  return { authentic: false, reason: key === undefined ? 'nothing_sent' : 'key_wrong' }
}

function bySignature(
  delivery: UnverifiedDelivery,
  { signature, secrets }: { signature: string | string[]; secrets: WebhookSecrets },
): Authentication {
  const match = matchSignature(signedBy(delivery, { header: signature, secrets }))
  if (match !== null) return { authentic: true, by: 'signature', secret: match.secretIndex, form: match.form }
  if (secrets.signatureSecrets.length === 0) {
    spendTheTimeOfASignature(delivery, secrets)
    return { authentic: false, reason: 'signature_not_configured' }
  }
  if (typeof signature === 'string' && /^[0-9a-f]{64}$/.test(signature)) {
    return { authentic: false, reason: 'signature_wrong' }
  }
  // What does not look like a signature has not been computed.
  spendTheTimeOfASignature(delivery, secrets)
  return { authentic: false, reason: 'signature_malformed' }
}

function spendTheTimeOfASignature(delivery: UnverifiedDelivery, secrets: WebhookSecrets): void {
  const standIn =
    secrets.signatureSecrets.length > 0 ? secrets : { ...secrets, signatureSecrets: ['stand-in'] }
  matchSignature(signedBy(delivery, { header: impossibleSignature, secrets: standIn }))
}

const impossibleSignature = '0'.repeat(64)

function signedBy(
  { headers, query, rawBody }: UnverifiedDelivery,
  { header, secrets }: { header: string | string[]; secrets: WebhookSecrets },
) {
  return {
    header,
    secrets: secrets.signatureSecrets,
    query,
    contentType: headers['content-type'],
    rawBody,
    variants: secrets.signatureVariants,
  }
}

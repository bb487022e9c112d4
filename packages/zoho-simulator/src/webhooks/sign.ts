import { createHmac } from 'node:crypto'

/** What Zoho signs of a delivery. */
export interface SignedParts {
  secret: string
  /** The pairs of the URL's query, decoded. */
  query: Iterable<readonly [string, string]>
  /** The pairs of a form body, decoded; empty for a JSON body. */
  form: Iterable<readonly [string, string]>
  /** The JSON body as it is sent; empty for a form body. */
  body: string | Uint8Array
}

/**
 * The value of X-Zoho-Webhook-Signature (docs/reference/zoho.md, signature): HMAC-SHA256 in lower-case hex over the
 * pairs of query and form, sorted by key, key and value with nothing between, followed by the raw JSON body.
 */
export function signDelivery({ secret, query, form, body }: SignedParts): string {
  const pairs = [...query, ...form].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
  const hmac = createHmac('sha256', secret)
  for (const [key, value] of pairs) hmac.update(key).update(value)
  return hmac.update(body).digest('hex')
}

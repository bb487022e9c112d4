import { createHmac } from 'node:crypto'

/** What is signed: who receives it recomputes the signature and refuses what is older than a few minutes. */
export interface SignedContent {
  readonly id: string
  /** Seconds since 1970. */
  readonly timestamp: number
  readonly body: string
}

/**
 * The headers of a delivery as Standard Webhooks describes them. A secret that begins with `whsec_` is the rest in
 * Base64; any other is taken as it is written.
 */
export function signatureHeaders(secret: string, content: SignedContent): Record<string, string> {
  const key = secret.startsWith('whsec_')
    ? Buffer.from(secret.slice(6), 'base64')
    : Buffer.from(secret, 'utf8')
  const signed = `${content.id}.${String(content.timestamp)}.${content.body}`
  return {
    'webhook-id': content.id,
    'webhook-timestamp': String(content.timestamp),
    'webhook-signature': `v1,${createHmac('sha256', key).update(signed, 'utf8').digest('base64')}`,
  }
}

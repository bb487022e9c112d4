import { hash, timingSafeEqual } from 'node:crypto'

/** Whether an `X-Webhook-Key` header is one of our keys. */
export function verifyKey(header: string | readonly string[] | undefined, keys: readonly string[]): boolean {
  return matchKey(header, keys) !== null
}

/**
 * The place of the key that the header holds in our list, for logs, or null. Digests are compared instead of the keys,
 * because a comparison in constant time needs equal lengths, and the length of a key is part of the secret.
 */
export function matchKey(header: string | readonly string[] | undefined, keys: readonly string[]): number | null {
  if (typeof header !== 'string' || header === '') return null
  const claimed = digestOf(header)
  let match: number | null = null
  keys.forEach((key, index) => {
    if (timingSafeEqual(digestOf(key), claimed)) match ??= index
  })
  return match
}

function digestOf(key: string): Buffer {
  return hash('sha256', key, 'buffer')
}

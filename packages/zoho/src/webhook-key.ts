import { hash, timingSafeEqual } from 'node:crypto'

/**
 * The place in our list of the key that an `X-Webhook-Key` header holds, for logs, or null. Digests are compared instead of the keys,
 * because a comparison in constant time needs equal lengths, and the length of a key is part of the secret.
 */
export function matchKey(
  header: string | readonly string[] | undefined,
  keys: readonly string[],
): number | null {
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

import type { IncomingHttpHeaders } from 'node:http'

/**
 * The headers of a delivery as they are kept with it: everything that helps to see later what was sent, without
 * what would let a reader of the table send in our name. The signature stays: it is evidence, and fits one body only.
 */
export function storedHeaders(headers: IncomingHttpHeaders): Record<string, string> {
  const stored: Record<string, string> = {}
  for (const name in headers) {
    const value = headers[name]
    if (value === undefined) continue
    stored[name] = isSecret(name) ? '[masked]' : typeof value === 'string' ? value : value.join(', ')
  }
  return stored
}

// Senders invent their own names for secrets, so words count, not a list of names. Names repeat with every delivery.
const secretNames = new Map<string, boolean>()

function isSecret(name: string): boolean {
  const known = secretNames.get(name)
  if (known !== undefined) return known
  const secret = /auth|cookie|key|pass|pwd|secret|session|token/.test(name)
  // Names are the sender's choice: remember only as many as an honest one has.
  if (secretNames.size < 1000) secretNames.set(name, secret)
  return secret
}

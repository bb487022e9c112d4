/**
 * How long a provider asks to wait, from its `Retry-After` header: seconds or a date. Null where it cannot be understood;
 * what has passed already or is negative counts as a second.
 */
export function retryAfterMs(header: string | undefined, now: Date): number | null {
  const text = header?.trim() ?? ''
  if (/^[+-]?\d+(?:\.\d+)?$/.test(text)) return waitOf(Number(text) * 1000)
  if (!/^[A-Za-z]{3,9},? /.test(text)) return null
  const at = Date.parse(text)
  return Number.isNaN(at) ? null : waitOf(at - now.getTime())
}

/** A wait in seconds from the body of an answer. */
export function retryAfterOf(seconds: unknown): number | null {
  return typeof seconds === 'number' && Number.isFinite(seconds) ? waitOf(seconds * 1000) : null
}

function waitOf(ms: number): number {
  return Math.max(1000, Math.ceil(ms))
}

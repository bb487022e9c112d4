import { codeOf } from '@tds/runtime'

/**
 * Whether Postgres refused a statement because of a value in it, so that the same row will be refused for ever
 * while the others of its batch are sound: SQLSTATE class 22 (data), 23 (constraint), 54 (limits of size and depth).
 */
export function isContentFault(error: unknown): boolean {
  let cause = error
  for (let depth = 0; depth < 5 && cause !== undefined; depth += 1) {
    if (/^(22|23|54)[0-9A-Z]{3}$/.test(codeOf(cause) ?? '')) return true
    cause = cause instanceof Error ? cause.cause : undefined
  }
  return false
}

import type { HttpResponse } from '@tds/runtime'
import type { DeliveryClass, DeliveryResult } from './receiver.ts'

/** A result with our own words: what a provider says may hold what nobody else should read. */
export function result(
  deliveryClass: DeliveryClass,
  o: {
    readonly status: string | number | null
    readonly detail?: string
    readonly retryAfterMs?: number | null
  },
): DeliveryResult {
  return {
    class: deliveryClass,
    providerStatus: o.status === null ? null : String(o.status),
    detail: o.detail ?? null,
    retryAfterMs: o.retryAfterMs ?? null,
  }
}

/** The JSON object in a body; empty where there is none. */
export function objectIn({ body }: HttpResponse): Readonly<Record<string, unknown>> {
  try {
    const parsed: unknown = JSON.parse(body.toString('utf8'))
    return typeof parsed === 'object' && parsed !== null ? (parsed as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}

/** The end of a secret address, enough to tell two apart. */
export function lastOf(text: string): string {
  return `…${text.slice(-4)}`
}

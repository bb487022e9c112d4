import { httpClient, TdsError, type HttpResponse } from '@tds/runtime'
import { isLoopbackAddress, isLoopbackHost, isPublicAddress } from './addresses.ts'
import type { DeliveryResult } from './receiver.ts'

/** Bounds of an outgoing request. */
export interface OutgoingOptions {
  /** For metrics. */
  readonly name: string
  /** Whether addresses on this machine are taken, over plain HTTP too: outside of production, for demonstrations and tests. */
  readonly allowLoopback: boolean
  readonly timeoutMs?: number | undefined
}

/** One request to a provider. */
export interface OutgoingRequest {
  readonly url: string
  readonly body: string
  readonly headers?: Readonly<Record<string, string>>
  readonly signal: AbortSignal
}

/** Posts JSON to providers: over HTTPS to public addresses, following nothing, ten seconds and 64 kB at most. */
export interface Outgoing {
  /** The answer, or what comes of there being none. Neither tells the address. */
  post(request: OutgoingRequest): Promise<HttpResponse | DeliveryResult>
}

/** Longest exchange with a provider over HTTP, in milliseconds. */
const httpTimeoutMs = 10_000
const mostBytes = 64 * 1024

/** Whether an address may be configured for outgoing requests. */
export function isOutgoingUrl(text: string, allowLoopback: boolean): boolean {
  const url = URL.parse(text)
  if (url === null || url.username !== '' || url.password !== '') return false
  if (isLoopbackHost(url.hostname)) return allowLoopback && /^https?:$/.test(url.protocol)
  return url.protocol === 'https:'
}

/** Makes the client of one receiver. */
export function outgoing({ name, allowLoopback, timeoutMs = httpTimeoutMs }: OutgoingOptions): Outgoing {
  const bounds = { name, timeoutMs, maxBytes: mostBytes }
  const toPublic = httpClient({ ...bounds, mayConnectTo: isPublicAddress })
  const toLoopback = httpClient({ ...bounds, mayConnectTo: isLoopbackAddress })
  return {
    post: async ({ url, body, headers, signal }) => {
      if (!isOutgoingUrl(url, allowLoopback)) return refusedAddress
      const client = isLoopbackHost(new URL(url).hostname) ? toLoopback : toPublic
      try {
        return await client.request({
          method: 'POST',
          url,
          body,
          headers: { 'content-type': 'application/json; charset=utf-8', ...headers },
          signal,
        })
      } catch (error) {
        return failureOf(error)
      }
    },
  }
}

/** Whether there was an answer. */
export function isAnswer(result: HttpResponse | DeliveryResult): result is HttpResponse {
  return 'status' in result
}

const refusedAddress: DeliveryResult = {
  class: 'broken',
  providerStatus: null,
  detail: 'its address is not one that messages are sent to: https and public',
  retryAfterMs: null,
}

// The error of the client names the path, which is a secret of Slack and Telegram: only its reason is told.
function failureOf(error: unknown): DeliveryResult {
  const code = error instanceof TdsError ? error.code : 'unknown'
  if (code === 'address_refused' || code === 'invalid_url') return refusedAddress
  if (code === 'response_too_large')
    return { ...refusedAddress, detail: 'it answered with more than 64 kB: that is not the provider' }
  const reason = reasonOf(error) ?? code
  return {
    class: 'retry',
    providerStatus: null,
    detail: words[reason] ?? 'the exchange failed',
    retryAfterMs: null,
  }
}

function reasonOf(error: unknown): string | null {
  const reason = error instanceof TdsError ? error.facts['reason'] : null
  return typeof reason === 'string' ? reason : null
}

const words: Readonly<Record<string, string>> = {
  timeout: 'no complete answer in time',
  aborted: 'interrupted',
  refused: 'the connection was refused',
  dns: 'the name could not be resolved',
  tls: 'the certificate or the encryption was refused',
  connection: 'the connection failed',
}

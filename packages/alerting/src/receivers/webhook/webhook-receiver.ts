import { systemClock, type Clock, type HttpResponse } from '@tds/runtime'
import { isAnswer, outgoing } from '../outgoing.ts'
import { atMost, type DeliveryResult, type Receiver } from '../receiver.ts'
import { lastOf, result } from '../results.ts'
import { retryAfterMs } from '../retry-after.ts'
import { signatureHeaders } from './signature.ts'
import { webhookBody } from './webhook-body.ts'

/** A program of somebody else's that wants to be told. */
export interface WebhookOptions {
  readonly url: string
  readonly secret: string
  readonly allowLoopback: boolean
  readonly timeoutMs?: number | undefined
  readonly clock?: Clock | undefined
}

/** Sends signed JSON to one address. */
export function webhookReceiver({ url, secret, clock = systemClock, ...bounds }: WebhookOptions): Receiver {
  const client = outgoing({ name: 'alert_webhook', ...bounds })
  return {
    integration: 'webhook',
    shownAddress: `webhook ${lastOf(url)}`,
    settings: [url, secret],
    limits: [atMost(5, { key: 'second', perSeconds: 1, burst: 2 })],
    deliver: async (delivery) => {
      const body = webhookBody(delivery)
      const timestamp = Math.floor(clock.now().getTime() / 1000)
      const headers = signatureHeaders(secret, { id: delivery.id, timestamp, body })
      const answer = await client.post({ url, body, headers, signal: delivery.signal })
      return isAnswer(answer) ? judge(answer, clock.now()) : answer
    },
    close: async () => undefined,
  }
}

const refusals = new Set([401, 403, 404, 410])

function judge({ status, headers }: HttpResponse, now: Date): DeliveryResult {
  const asked = retryAfterMs(headers['retry-after'], now)
  if (status >= 200 && status < 300) return result('success', { status })
  if (status === 429 || (status === 503 && asked !== null))
    return result('pause', { status, detail: 'it asks to wait', retryAfterMs: asked })
  if (status >= 300 && status < 400)
    return result('broken', {
      status,
      detail: 'it leads elsewhere, and that is not followed: configure the final address',
    })
  if (refusals.has(status)) return result('broken', { status, detail: 'it refuses us' })
  if (status === 400 || status === 413 || status === 422)
    return result('payload', { status, detail: 'it refused the content' })
  return result('retry', { status, detail: 'it has a problem' })
}

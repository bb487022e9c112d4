import { systemClock, type Clock, type HttpResponse } from '@tds/runtime'
import { renderMessage } from '../../messages/render.ts'
import { isAnswer, outgoing } from '../outgoing.ts'
import { atMost, type DeliveryResult, type Receiver } from '../receiver.ts'
import { lastOf, result } from '../results.ts'
import { retryAfterMs } from '../retry-after.ts'
import { plainSlackPayload, slackPayload } from './slack-payload.ts'

/** An incoming webhook of Slack. */
export interface SlackOptions {
  /** The whole of it is a secret. */
  readonly webhookUrl: string
  readonly allowLoopback: boolean
  readonly timeoutMs?: number | undefined
  readonly clock?: Clock | undefined
}

/** Sends to one channel of Slack through an incoming webhook. */
export function slackReceiver({ webhookUrl, clock = systemClock, ...bounds }: SlackOptions): Receiver {
  const client = outgoing({ name: 'slack', ...bounds })
  return {
    integration: 'slack',
    shownAddress: `Slack ${lastOf(webhookUrl)}`,
    settings: [webhookUrl],
    limits: [
      { key: 'second', capacity: 5, perSecond: 1 },
      atMost(30, { key: 'minute', perSeconds: 60, burst: 10 }),
    ],
    deliver: async (delivery) => {
      const rendered = renderMessage(delivery)
      const body = delivery.isPlain ? plainSlackPayload(rendered) : slackPayload(rendered)
      const answer = await client.post({ url: webhookUrl, body, signal: delivery.signal })
      return isAnswer(answer) ? judge(answer, clock.now()) : answer
    },
    close: async () => undefined,
  }
}

function judge(answer: HttpResponse, now: Date): DeliveryResult {
  const { status, headers } = answer
  if (status === 200 && answer.body.toString('utf8').trim() === 'ok') return result('success', { status })
  if (status === 200) return result('retry', { status, detail: 'it answered 200, but not "ok"' })
  if (status === 429)
    return result('pause', {
      status,
      detail: 'too many messages',
      retryAfterMs: retryAfterMs(headers['retry-after'], now),
    })
  if (status >= 500 || status === 408) return result('retry', { status, detail: 'Slack has a problem' })
  if (status === 400 || status === 413)
    return result('payload', { status, detail: 'Slack refused the content' })
  return result('broken', { status, detail: 'Slack refuses this webhook: make a new one' })
}

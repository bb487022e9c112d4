import type { HttpResponse } from '@tds/runtime'
import { renderMessage } from '../../messages/render.ts'
import { isAnswer, outgoing } from '../outgoing.ts'
import { atMost, type Delivery, type DeliveryResult, type Receiver } from '../receiver.ts'
import { lastOf, objectIn, result } from '../results.ts'
import { retryAfterOf } from '../retry-after.ts'
import { telegramHtml, telegramPlain } from './telegram-text.ts'

/** A bot and the chat that it writes to. */
export interface TelegramOptions {
  readonly apiUrl: string
  /** Part of the address of every request, so that is a secret too. */
  readonly botToken: string
  readonly chatId: string
  readonly allowLoopback: boolean
  readonly timeoutMs?: number | undefined
}

/** Sends to one chat through the Bot API of Telegram. */
export function telegramReceiver({ apiUrl, botToken, chatId, ...bounds }: TelegramOptions): Receiver {
  const client = outgoing({ name: 'telegram', ...bounds })
  const url = `${apiUrl.replace(/\/+$/, '')}/bot${botToken}/sendMessage`
  return {
    integration: 'telegram',
    shownAddress: `Telegram chat ${lastOf(chatId)}`,
    settings: [apiUrl, botToken, chatId],
    limits: [
      { key: 'chat', capacity: 1, perSecond: 1 },
      atMost(25, { key: 'bot', perSeconds: 1, burst: 5 }),
      // Groups have negative ids, or a name.
      ...(/^\d/.test(chatId) ? [] : [atMost(20, { key: 'group', perSeconds: 60, burst: 5 })]),
    ],
    deliver: async (delivery) => {
      const answer = await client.post({ url, body: bodyOf(delivery, chatId), signal: delivery.signal })
      return isAnswer(answer) ? judge(answer) : answer
    },
    close: async () => undefined,
  }
}

function bodyOf(delivery: Delivery, chatId: string): string {
  const rendered = renderMessage(delivery)
  return JSON.stringify({
    chat_id: delivery.address ?? chatId,
    ...(delivery.isPlain
      ? { text: telegramPlain(rendered) }
      : { text: telegramHtml(rendered), parse_mode: 'HTML' }),
    link_preview_options: { is_disabled: true },
  })
}

function judge(answer: HttpResponse): DeliveryResult {
  const { status } = answer
  const said = objectIn(answer)
  const parameters = (said['parameters'] ?? {}) as Readonly<Record<string, unknown>>
  const description = typeof said['description'] === 'string' ? said['description'] : ''
  if (status === 200 && said['ok'] === true) return result('success', { status })
  const movedTo = chatIdOf(parameters['migrate_to_chat_id'])
  if (movedTo !== null)
    return { ...result('moved', { status, detail: 'the chat has a new id' }), address: movedTo }
  if (status === 429)
    return result('pause', {
      status,
      detail: 'too many messages',
      retryAfterMs: retryAfterOf(parameters['retry_after']),
    })
  if (status === 400 && /chat not found|chat_id is empty|PEER_ID_INVALID/i.test(description))
    return result('broken', { status, detail: 'there is no such chat for this bot' })
  if (status === 400 || status === 413)
    return result('payload', { status, detail: 'Telegram could not read the message' })
  if (status === 403)
    return result('broken', {
      status,
      detail: 'the bot may not write to this chat: it was removed or blocked',
    })
  if (status === 401 || status === 404) return result('broken', { status, detail: 'the token is not valid' })
  if (status === 200 || status === 408 || status === 409 || status >= 500)
    return result('retry', { status, detail: 'Telegram has a problem' })
  return result('broken', { status, detail: 'what answers there is not Telegram' })
}

function chatIdOf(value: unknown): string | null {
  return typeof value === 'number' && Number.isSafeInteger(value) ? String(value) : null
}

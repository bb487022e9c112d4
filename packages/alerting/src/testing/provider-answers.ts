import type { PeerAnswer } from './http-peer.ts'

/** Answers of Slack's incoming webhooks. */
export const slackAnswers = {
  ok: { status: 200, body: 'ok' },
  notOk: { status: 200, body: 'channel_is_archived' },
  pause: (retryAfter?: string): PeerAnswer => ({
    status: 429,
    body: 'rate_limited',
    headers: retryAfter === undefined ? {} : { 'retry-after': retryAfter },
  }),
  invalid: { status: 400, body: 'invalid_blocks' },
  forbidden: { status: 403, body: 'action_prohibited' },
  notFound: { status: 404, body: 'no_service' },
  gone: { status: 410, body: 'channel_is_archived' },
  failed: { status: 500, body: 'oops' },
} as const

/** Answers of the Bot API of Telegram. */
export const telegramAnswers = {
  ok: { status: 200, body: '{"ok":true,"result":{"message_id":1}}' },
  pause: (seconds: number): PeerAnswer =>
    telegramRefusal(429, `Too Many Requests: retry after ${String(seconds)}`, { retry_after: seconds }),
  moved: (chatId: number): PeerAnswer =>
    telegramRefusal(400, 'Bad Request: group chat was upgraded to a supergroup chat', {
      migrate_to_chat_id: chatId,
    }),
  unauthorized: telegramRefusal(401, 'Unauthorized'),
  kicked: telegramRefusal(403, 'Forbidden: bot was kicked from the supergroup chat'),
  chatNotFound: telegramRefusal(400, 'Bad Request: chat not found'),
  entities: telegramRefusal(400, "Bad Request: can't parse entities: unsupported start tag"),
  failed: telegramRefusal(500, 'Internal Server Error'),
} as const

function telegramRefusal(status: number, description: string, parameters?: object): PeerAnswer {
  const body = { ok: false, error_code: status, description, ...(parameters ? { parameters } : {}) }
  return { status, body: JSON.stringify(body) }
}

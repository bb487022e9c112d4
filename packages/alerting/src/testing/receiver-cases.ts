import { emailReceiver } from '../receivers/email/email-receiver.ts'
import type { Integration, Receiver } from '../receivers/receiver.ts'
import { slackReceiver } from '../receivers/slack/slack-receiver.ts'
import { telegramReceiver } from '../receivers/telegram/telegram-receiver.ts'
import { webhookReceiver } from '../receivers/webhook/webhook-receiver.ts'
import { startHttpPeer, type HttpPeer, type PeerAnswer } from './http-peer.ts'
import { startMailPeer, type MailAnswer } from './mail-peer.ts'
import { slackAnswers, telegramAnswers } from './provider-answers.ts'

/** What every provider can be told to do. */
export type Behaviour = 'ok' | 'pause' | 'retry' | 'payload' | 'broken' | 'hang' | 'reset'

/** A receiver and the provider that it talks to. */
export interface ReceiverWorld {
  readonly receiver: Receiver
  readonly willDo: (...behaviours: Behaviour[]) => void
  /** Each message that arrived, whole, as the provider reads it. */
  readonly texts: () => string[]
  stop(): Promise<void>
}

/** A secret that every receiver is set up with; it may occur nowhere but in what it sends to its provider. */
export const canary = 'canary-secret-42'

/** How the contract sets up each receiver; a new one is a line here. */
export const receiverCases: readonly {
  readonly integration: Integration
  readonly start: (o: { timeoutMs: number }) => Promise<ReceiverWorld>
}[] = [
  { integration: 'slack', start: slackWorld },
  { integration: 'telegram', start: telegramWorld },
  { integration: 'webhook', start: webhookWorld },
  { integration: 'email', start: emailWorld },
]

async function slackWorld({ timeoutMs }: { timeoutMs: number }): Promise<ReceiverWorld> {
  const peer = await startHttpPeer(slackAnswers.ok)
  const webhookUrl = `${peer.url}/services/T0/B0/${canary}`
  return httpWorld(peer, slackReceiver({ webhookUrl, allowLoopback: true, timeoutMs }), {
    ok: slackAnswers.ok,
    pause: slackAnswers.pause('7'),
    retry: { status: 500, body: canary },
    payload: slackAnswers.invalid,
    broken: slackAnswers.forbidden,
  })
}

async function telegramWorld({ timeoutMs }: { timeoutMs: number }): Promise<ReceiverWorld> {
  const peer = await startHttpPeer(telegramAnswers.ok)
  const settings = { apiUrl: peer.url, botToken: `123:${canary}`, chatId: '-100777' }
  return httpWorld(peer, telegramReceiver({ ...settings, allowLoopback: true, timeoutMs }), {
    ok: telegramAnswers.ok,
    pause: telegramAnswers.pause(7),
    retry: telegramAnswers.failed,
    payload: telegramAnswers.entities,
    broken: telegramAnswers.kicked,
  })
}

async function webhookWorld({ timeoutMs }: { timeoutMs: number }): Promise<ReceiverWorld> {
  const peer = await startHttpPeer({ status: 204 })
  const url = `${peer.url}/${canary}`
  return httpWorld(peer, webhookReceiver({ url, secret: canary, allowLoopback: true, timeoutMs }), {
    ok: { status: 202 },
    pause: { status: 503, headers: { 'retry-after': '7' } },
    retry: { status: 502, body: canary },
    payload: { status: 422, body: canary },
    broken: { status: 302, headers: { location: 'https://elsewhere.test/' } },
  })
}

function httpWorld(
  peer: HttpPeer,
  receiver: Receiver,
  answers: Readonly<Record<Exclude<Behaviour, 'hang' | 'reset'>, PeerAnswer>>,
): ReceiverWorld {
  return {
    receiver,
    willDo: (...behaviours) => {
      peer.willAnswer(...behaviours.map((one) => (one === 'hang' || one === 'reset' ? one : answers[one])))
    },
    texts: () => peer.requests.map(({ body }) => stringsIn(JSON.parse(body)).join('\n')),
    stop: async () => {
      await receiver.close()
      await peer.stop()
    },
  }
}

const mailAnswers: Readonly<Record<Behaviour, MailAnswer>> = {
  ok: {},
  pause: { recipients: 452 },
  retry: { content: 430 },
  payload: { content: 554 },
  broken: { signIn: 535 },
  hang: { afterContent: 'hang' },
  reset: { afterContent: 'reset' },
}

async function emailWorld({ timeoutMs }: { timeoutMs: number }): Promise<ReceiverWorld> {
  const peer = await startMailPeer({ signIn: true })
  const receiver = emailReceiver({
    smtpUrl: peer.url,
    from: 'alerts@tds.test',
    to: ['one@people.test', 'two@people.test'],
    timeouts: { connectMs: timeoutMs, greetingMs: timeoutMs, idleMs: timeoutMs },
  })
  return {
    receiver,
    willDo: (...behaviours) => {
      peer.willAnswer(...behaviours.map((one) => mailAnswers[one]))
    },
    texts: () => peer.mails.map((mail) => [mail.subject, mail.text, mail.html].join('\n')),
    stop: async () => {
      await receiver.close()
      await peer.stop()
    },
  }
}

function stringsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value]
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(stringsIn) : []
}

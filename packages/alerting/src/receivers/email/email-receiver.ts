import { createTransport } from 'nodemailer'
import { renderMessage } from '../../messages/render.ts'
import { isLoopbackHost } from '../addresses.ts'
import { atMost, type Delivery, type DeliveryResult, type Receiver } from '../receiver.ts'
import { judgeFailure, judgeSent } from './judge-mail.ts'
import { mailContent } from './mail-content.ts'
import type { SentMail } from './smtp-types.ts'

/** A mail server and who writes to whom through it. */
export interface EmailOptions {
  /** smtp:// (then STARTTLS) or smtps://, with user and password where it wants them. */
  readonly smtpUrl: string
  readonly from: string
  readonly to: readonly string[]
  /** Times in milliseconds; the defaults are those of the house. */
  readonly timeouts?: { readonly connectMs: number; readonly greetingMs: number; readonly idleMs: number }
  /** Whether a server on this machine may be spoken to without encryption; default true. */
  readonly trustsLoopback?: boolean
}

const houseTimeouts = { connectMs: 10_000, greetingMs: 10_000, idleMs: 30_000 }

/** Sends mail to a list of people through one server. */
export function emailReceiver(options: EmailOptions): Receiver {
  const transport = makeTransport(options)
  return {
    integration: 'email',
    shownAddress: `e-mail to ${String(options.to.length)} at ${[...new Set(options.to.map(domainOf))].join(', ')}`,
    settings: [options.smtpUrl, options.from, ...options.to],
    // A mail goes to all recipients at once, so each has used as much as the others.
    limits: [atMost(60, { key: 'recipient', perSeconds: 3600, burst: 20 })],
    deliver: (delivery) => send(delivery, options, transport),
    close: async () => {
      transport.close()
    },
  }
}

type Transport = ReturnType<typeof makeTransport>

function makeTransport(options: EmailOptions) {
  return createTransport(transportOptions(options))
}

async function send(
  delivery: Delivery,
  options: EmailOptions,
  transport: Transport,
): Promise<DeliveryResult> {
  const has = new Set(
    delivery.recipients.filter(({ delivered }) => delivered).map(({ recipient }) => recipient),
  )
  const to = options.to.filter((recipient) => !has.has(recipient))
  try {
    const sent: SentMail = await transport.sendMail({
      from: options.from,
      to,
      // The same at every attempt: a mail program shows a mail that came twice once.
      messageId: `<${delivery.id}@${domainOf(options.from)}>`,
      ...mailContent(renderMessage(delivery), delivery.isPlain),
      headers: { 'Auto-Submitted': 'auto-generated', 'X-Auto-Response-Suppress': 'All' },
      signal: delivery.signal,
      disableFileAccess: true,
      disableUrlAccess: true,
    })
    return judgeSent(sent, delivery.recipients)
  } catch (error) {
    return judgeFailure(error, delivery.recipients)
  }
}

function transportOptions({ smtpUrl, timeouts = houseTimeouts, trustsLoopback = true }: EmailOptions) {
  const url = new URL(smtpUrl)
  const isSecure = url.protocol === 'smtps:'
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const isTrusted = trustsLoopback && isLoopbackHost(url.hostname)
  return {
    host,
    port: url.port === '' ? (isSecure ? 465 : 587) : Number(url.port),
    secure: isSecure,
    requireTLS: !isSecure && !isTrusted,
    ignoreTLS: !isSecure && isTrusted,
    ...(url.username === ''
      ? {}
      : { auth: { user: decodeURIComponent(url.username), pass: decodeURIComponent(url.password) } }),
    connectionTimeout: timeouts.connectMs,
    dnsTimeout: timeouts.connectMs,
    greetingTimeout: timeouts.greetingMs,
    socketTimeout: timeouts.idleMs,
    logger: false,
    debug: false,
    disableFileAccess: true,
    disableUrlAccess: true,
  }
}

function domainOf(address: string): string {
  return /@([^\s@>]+)>?$/.exec(address.trim())?.[1]?.toLowerCase() ?? 'localhost'
}

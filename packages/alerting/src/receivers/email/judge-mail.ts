import type { DeliveryResult, RecipientResult } from '../receiver.ts'
import { result } from '../results.ts'
import type { SentMail, SmtpFailure } from './smtp-types.ts'

/** How long a server that greylists wants to be left alone, in milliseconds. */
const greylistMs = 5 * 60_000

/** What a mail that some recipients may not have got came to. */
export function judgeSent(info: SentMail, earlier: readonly RecipientResult[]): DeliveryResult {
  const refused = refusedRecipients(info.rejectedErrors ?? [])
  const recipients = merged(earlier, [
    ...info.accepted.map((recipient) => ({ recipient, delivered: true, detail: null })),
    ...info.rejected.map((recipient) => ({
      recipient,
      delivered: false,
      detail: refused.get(recipient)?.words ?? 'refused',
    })),
  ])
  const later = [...refused.values()].filter(({ code }) => code < 500)
  // Who is refused for now gets it later; the others have it and are left out then.
  if (later.length > 0) {
    const [first] = later
    const retryAfterMs = later.some(({ code }) => code === 451) ? greylistMs : null
    return {
      ...result('retry', { status: first?.code ?? null, detail: 'some recipients only later', retryAfterMs }),
      recipients,
    }
  }
  const detail =
    info.rejected.length > 0 ? `${String(info.rejected.length)} of the recipients refused` : undefined
  return { ...result('success', { status: 250, ...(detail === undefined ? {} : { detail }) }), recipients }
}

/** What a mail that nobody got came to. */
export function judgeFailure(error: unknown, earlier: readonly RecipientResult[]): DeliveryResult {
  const failure = error as SmtpFailure
  const code = failure.code ?? 'unknown'
  const reply = failure.responseCode ?? null
  const status = reply ?? code
  const everyone = refusedRecipients(failure.rejectedErrors ?? [])
  const recipients =
    everyone.size === 0
      ? {}
      : {
          recipients: merged(
            earlier,
            [...everyone].map(([recipient, { words }]) => ({ recipient, delivered: false, detail: words })),
          ),
        }
  if (code === 'EAUTH') {
    return reply !== null && reply < 500
      ? result('retry', { status, detail: 'signing in failed for now' })
      : result('broken', { status, detail: 'the server refuses user or password' })
  }
  if (code === 'ETLS' || isCertificate(failure))
    return result('broken', { status, detail: 'no encryption that can be trusted' })
  if (everyone.size > 0) return { ...ofRecipients([...everyone.values()]), ...recipients }
  if (reply === null)
    return result('retry', { status, detail: words[code] ?? 'the mail server cannot be reached' })
  if (pauses.has(reply)) return pause(reply)
  if (reply < 500) return result('retry', { status, detail: 'the server does not take it for now' })
  if (failure.command === 'DATA')
    return result('payload', { status, detail: 'the server refused the content' })
  if (reply === 552) return result('payload', { status, detail: 'the server finds it too large' })
  return result('broken', { status, detail: 'the server refuses mail from us' })
}

const pauses = new Set([421, 450, 451, 452])

const words: Readonly<Record<string, string>> = {
  ETIMEDOUT: 'no answer in time',
  EDNS: 'the name of the server could not be resolved',
  ECONNECTION: 'the connection was closed',
  EABORT: 'interrupted',
}

interface Refusal {
  readonly code: number
  readonly words: string
}

function ofRecipients(all: readonly Refusal[]): DeliveryResult {
  const codes = all.map(({ code }) => code)
  const later = codes.filter((code) => code < 500)
  if (later.includes(451)) return pause(451)
  const [first] = later
  if (first !== undefined) return pauses.has(first) ? pause(first) : result('retry', { status: first })
  if (codes.every((code) => code === 552))
    return result('payload', { status: 552, detail: 'too large for all recipients' })
  return result('broken', { status: codes[0] ?? null, detail: 'the server refuses all recipients' })
}

function pause(code: number): DeliveryResult {
  const detail = code === 451 ? 'greylisted or busy' : 'the server asks to come back later'
  return result('pause', { status: code, detail, retryAfterMs: code === 451 ? greylistMs : null })
}

// What a server says names people and hosts; its code says enough.
function refusedRecipients(errors: readonly SmtpFailure[]): Map<string, Refusal> {
  return new Map(
    errors.flatMap(({ recipient, responseCode }) => {
      const code = responseCode ?? 500
      const said = code < 500 ? 'refused for now' : 'refused'
      return recipient === undefined
        ? []
        : [[recipient, { code, words: `${said} (${String(code)})` }] as const]
    }),
  )
}

function merged(earlier: readonly RecipientResult[], now: readonly RecipientResult[]): RecipientResult[] {
  const told = new Map(earlier.map((one) => [one.recipient, one]))
  for (const one of now) told.set(one.recipient, one)
  return [...told.values()]
}

function isCertificate(failure: SmtpFailure): boolean {
  return (
    /certificate|self-signed|altnames/i.test(failure.message) ||
    /CERT|SSL|TLS|SIGNED/.test(failure.code ?? '')
  )
}

import { z } from 'zod'
import { enumOf, secret, urlOf } from '@tds/runtime'
import { isOutgoingUrl } from './outgoing.ts'

/** The variables of the receivers; a daemon's schema takes them in and ends in `.check(completeReceivers())`. */
export const receiverConfigFields = {
  SMTP_URL: urlOf('smtp', 'smtps')
    .optional()
    .describe('Mail server for alerts, as smtps://user:password@host:465, or smtp:// with STARTTLS.'),
  ALERT_EMAIL_FROM: mailAddress().optional().describe('Sender of alerts by mail.'),
  ALERT_EMAIL_TO: mailAddresses().optional().describe('Who gets alerts by mail, separated by commas.'),
  SLACK_WEBHOOK_URL: secretUrl().optional().describe('Incoming webhook of the Slack channel for alerts.'),
  TELEGRAM_BOT_TOKEN: secret().optional().describe('Token of the Telegram bot that sends alerts.'),
  TELEGRAM_CHAT_ID: z
    .string()
    .regex(/^(?:-?\d{1,20}|@\w{3,64})$/)
    .meta({ expected: 'the id of a chat, such as -1001234567890, or @channel' })
    .optional()
    .describe('Chat to which the Telegram bot sends.'),
  TELEGRAM_API_URL: urlOf('https', 'http')
    .default('https://api.telegram.org')
    .describe('Where the Bot API of Telegram is.'),
  ALERT_WEBHOOK_URL: secretUrl().optional().describe('Address of a program that gets alerts as signed JSON.'),
  ALERT_WEBHOOK_SECRET: secret().optional().describe('Signs what is sent to ALERT_WEBHOOK_URL.'),
  ALERT_LANGUAGE: enumOf('en', 'ar').default('en').describe('Language of alerts: English or Arabic.'),
} as const

/** The receivers' part of a configuration. */
export type ReceiverConfig = z.output<z.ZodObject<typeof receiverConfigFields>>
/** The same with what decides which addresses are taken. */
export type ReceiverSettings = ReceiverConfig & { readonly TDS_ENVIRONMENT: string }

type Name = keyof ReceiverConfig

const sets: readonly (readonly Name[])[] = [
  ['SMTP_URL', 'ALERT_EMAIL_FROM', 'ALERT_EMAIL_TO'],
  ['TELEGRAM_BOT_TOKEN', 'TELEGRAM_CHAT_ID'],
  ['ALERT_WEBHOOK_URL', 'ALERT_WEBHOOK_SECRET'],
]
const outgoingNames = ['SLACK_WEBHOOK_URL', 'TELEGRAM_API_URL', 'ALERT_WEBHOOK_URL'] as const

/** What is wrong with the receivers' variables together: sets that lack a part, and addresses that nothing is sent to. */
export function receiverProblems(config: Partial<ReceiverSettings>): { name: Name; message: string }[] {
  const given = (name: Name): boolean => config[name] !== undefined
  const missing = sets.flatMap((set) => {
    const present = set.filter(given)
    if (present.length === 0) return []
    const message = `not set; needed because ${present.join(' and ')} ${present.length === 1 ? 'is' : 'are'} set`
    return set.filter((name) => !given(name)).map((name) => ({ name, message }))
  })
  const wrong = outgoingNames.flatMap((name) => {
    const text = config[name]
    const allowsLoopback = allowsLoopbackIn(config.TDS_ENVIRONMENT)
    return text === undefined || isOutgoingUrl(text, allowsLoopback)
      ? []
      : [{ name, message: 'not an address that messages are sent to; expected https:// and a public host' }]
  })
  return [...missing, ...wrong]
}

/** A check for a whole schema that has the receivers' fields. */
export function completeReceivers() {
  return z.superRefine<Record<string, unknown>>(
    (config, context) => {
      const wrong = new Set(context.issues.map((issue) => String(issue.path?.[0])))
      for (const { name, message } of receiverProblems(config))
        if (!wrong.has(name)) context.addIssue({ code: 'custom', path: [name], message })
    },
    { when: () => true },
  )
}

/** Whether this machine may be a receiver: anywhere but in production. */
export function allowsLoopbackIn(environment: string | undefined): boolean {
  return environment !== undefined && environment !== 'production'
}

function secretUrl() {
  return urlOf('https', 'http').meta({ secret: true, expected: 'a secret address https://…' })
}

function mailAddress() {
  return z.string().refine(isMailAddress).meta({ expected: 'a mail address' })
}

function mailAddresses() {
  return z
    .string()
    .transform((text) => text.split(',').map((entry) => entry.trim()))
    .refine((entries) => entries.length <= 20 && entries.every(isMailAddress))
    .meta({ expected: 'up to twenty mail addresses separated by commas' })
}

// Stricter than mail allows: no quotes, comments or line breaks that could become something else in a header.
function isMailAddress(text: string): boolean {
  return /^[\w.!#$%&'*+/=?^`{|}~-]{1,64}@[A-Za-z0-9.-]{1,253}$/.test(text)
}

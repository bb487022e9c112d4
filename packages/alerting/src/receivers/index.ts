import { ConfigError, registerSecret } from '@tds/runtime'
import { emailReceiver } from './email/email-receiver.ts'
import { allowsLoopbackIn, receiverProblems, type ReceiverSettings } from './receiver-config.ts'
import type { Receiver } from './receiver.ts'
import { slackReceiver } from './slack/slack-receiver.ts'
import { telegramReceiver } from './telegram/telegram-receiver.ts'
import { webhookReceiver } from './webhook/webhook-receiver.ts'

/**
 * Makes the receivers that are configured, the quickest way to a person first; a new one is a line here.
 *
 * @throws ConfigError that names what is missing of a set.
 */
export function createReceivers(config: ReceiverSettings): Receiver[] {
  const problems = receiverProblems(config)
  if (problems.length > 0) throw new ConfigError(problems)
  const allowLoopback = allowsLoopbackIn(config.TDS_ENVIRONMENT)
  for (const url of [config.SLACK_WEBHOOK_URL, config.ALERT_WEBHOOK_URL]) hidePath(url)
  return [
    telegramOf(config, allowLoopback),
    slackOf(config, allowLoopback),
    emailOf(config),
    webhookOf(config, allowLoopback),
  ].filter((receiver) => receiver !== null)
}

function telegramOf(config: ReceiverSettings, allowLoopback: boolean): Receiver | null {
  const { TELEGRAM_BOT_TOKEN: botToken, TELEGRAM_CHAT_ID: chatId, TELEGRAM_API_URL: apiUrl } = config
  if (botToken === undefined || chatId === undefined) return null
  return telegramReceiver({ botToken, chatId, apiUrl, allowLoopback })
}

function slackOf(
  { SLACK_WEBHOOK_URL: webhookUrl }: ReceiverSettings,
  allowLoopback: boolean,
): Receiver | null {
  return webhookUrl === undefined ? null : slackReceiver({ webhookUrl, allowLoopback })
}

function emailOf(config: ReceiverSettings): Receiver | null {
  const { SMTP_URL: smtpUrl, ALERT_EMAIL_FROM: from, ALERT_EMAIL_TO: to } = config
  if (smtpUrl === undefined || from === undefined || to === undefined) return null
  return emailReceiver({ smtpUrl, from, to })
}

function webhookOf(config: ReceiverSettings, allowLoopback: boolean): Receiver | null {
  const { ALERT_WEBHOOK_URL: url, ALERT_WEBHOOK_SECRET: secret } = config
  return url === undefined || secret === undefined ? null : webhookReceiver({ url, secret, allowLoopback })
}

/** Of a secret address the path alone gives it away, wherever a library might write it. */
function hidePath(url: string | undefined): void {
  const parsed = url === undefined ? null : URL.parse(url)
  if (parsed !== null && parsed.pathname.length > 8) registerSecret(`${parsed.pathname}${parsed.search}`)
}

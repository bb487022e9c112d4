import { shownValue } from '../../messages/clean-text.ts'
import type { MessageAlert } from '../../messages/message.ts'
import { plainText, shortText } from '../../messages/plain-text.ts'
import { renderMessage } from '../../messages/render.ts'
import type { Delivery } from '../receiver.ts'

/** What a webhook is sent: the message as data, and the same as text for who only wants to show it. */
export function webhookBody(delivery: Delivery): string {
  const { id, message } = delivery
  const rendered = renderMessage(delivery)
  const head = { version: 1, id, kind: message.kind, severity: message.severity, at: message.at }
  if (delivery.isPlain)
    return JSON.stringify({ ...head, headline: rendered.headline, text: shortText(rendered) })
  return JSON.stringify({
    ...head,
    environment: shownValue(message.environment),
    reason: message.reason === null ? null : shownValue(message.reason),
    repeat: message.repeat,
    counts: message.counts,
    more: message.more,
    alerts: message.alerts.map(alertOf),
    links: rendered.links,
    runbookUrl: message.runbookUrl,
    alertUrl: message.alertUrl,
    headline: rendered.headline,
    text: plainText(rendered),
  })
}

function alertOf(alert: MessageAlert): object {
  return {
    rule: shownValue(alert.rule),
    title: shownValue(alert.title),
    labels: cleaned(alert.labels),
    severity: alert.severity,
    state: alert.state,
    value: alert.value,
    threshold: alert.threshold,
    facts: cleaned(alert.facts),
    since: alert.since,
    endedAt: alert.endedAt,
    alertId: alert.alertId,
  }
}

function cleaned(values: Readonly<Record<string, string | number>>): Record<string, string | number> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [
      shownValue(name),
      typeof value === 'string' ? shownValue(value) : value,
    ]),
  )
}

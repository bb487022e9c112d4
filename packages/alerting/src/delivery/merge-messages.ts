import { listedAlerts, type AlertMessage, type MessageAlert } from '../messages/message.ts'
import { compareSeverity, highestSeverity } from '../severity.ts'

/** A message and the group that it is about; those of one group follow each other in their order. */
export interface MergeablePart {
  readonly group: string
  readonly message: AlertMessage
}

/**
 * One message that tells what several were to tell, the most urgent alerts first. Of each alert the newest word counts, and
 * of each group the numbers of its newest message.
 */
export function mergeMessages(carrier: MergeablePart, others: readonly MergeablePart[]): AlertMessage {
  if (others.length === 0) return carrier.message
  const parts = [carrier, ...others]
  const latest = new Map(parts.map((part) => [part.group, part.message]))
  const alerts = new Map<string, MessageAlert>()
  for (const { message } of parts) for (const alert of message.alerts) alerts.set(identityOf(alert), alert)
  const sorted = [...alerts.values()].sort(byUrgency)
  const groups = [...latest.values()]
  const resolved = parts.reduce((sum, { message }) => sum + message.counts.resolved, 0)
  return {
    ...carrier.message,
    kind: 'digest',
    severity: highestSeverity(parts.map(({ message }) => message.severity)) ?? carrier.message.severity,
    at: parts.reduce(
      (at, { message }) => (Date.parse(message.at) > Date.parse(at) ? message.at : at),
      carrier.message.at,
    ),
    repeat: 0,
    alerts: sorted.slice(0, listedAlerts),
    more: Math.max(0, sorted.length - listedAlerts) + groups.reduce((sum, { more }) => sum + more, 0),
    counts: { firing: groups.reduce((sum, { counts }) => sum + counts.firing, 0), resolved },
  }
}

function identityOf(alert: MessageAlert): string {
  return alert.alertId ?? JSON.stringify([alert.rule, Object.entries(alert.labels).sort()])
}

function byUrgency(left: MessageAlert, right: MessageAlert): number {
  const severity = compareSeverity(right.severity, left.severity)
  if (severity !== 0) return severity
  if (left.state !== right.state) return left.state === 'firing' ? -1 : 1
  return Date.parse(left.since) - Date.parse(right.since)
}

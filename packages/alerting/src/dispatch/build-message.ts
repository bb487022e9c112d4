import { readInstant } from '@tds/core'
import type { StoredEpisode } from '@tds/db'
import { listedAlerts, type AlertMessage, type MessageAlert, type MessageKind } from '../messages/message.ts'
import { runbookUrl } from '../runbook-url.ts'
import { compareSeverity, highestSeverity } from '../severity.ts'

/** What every message tells of where it comes from. */
export interface MessageSurroundings {
  readonly environment: string
  /** Address of the pages, without a slash at its end; null where there is none. */
  readonly publicUrl: string | null
  /** The database's time. */
  readonly now: Date
}

/** Makes the message of a group: the most urgent alerts by name, the others counted. */
export function buildMessage(
  surroundings: MessageSurroundings,
  o: {
    readonly kind: MessageKind
    readonly reason: string | null
    readonly repeat: number
    readonly episodes: readonly StoredEpisode[]
  },
): AlertMessage {
  const alerts = o.episodes.map(alertOf).sort(byUrgency)
  const [first] = alerts
  const { environment, publicUrl, now } = surroundings
  return {
    kind: o.kind,
    severity: highestSeverity(alerts.map(({ severity }) => severity)) ?? 'info',
    environment,
    at: now.toISOString(),
    reason: o.reason,
    repeat: o.repeat,
    alerts: alerts.slice(0, listedAlerts),
    more: Math.max(0, alerts.length - listedAlerts),
    counts: {
      firing: alerts.filter(({ state }) => state === 'firing').length,
      resolved: alerts.filter(({ state }) => state === 'resolved').length,
    },
    runbookUrl: first === undefined ? null : runbookUrl(first.rule, publicUrl),
    // No page shows an alert yet: `tds alerts show` does, and a link that leads nowhere helps nobody at night.
    alertUrl: null,
  }
}

function alertOf(episode: StoredEpisode): MessageAlert {
  const metadata = JSON.parse(episode.alert_metadata) as {
    labels?: Record<string, string>
    facts?: Record<string, number | string>
  }
  return {
    rule: episode.alert_type,
    title: episode.title,
    labels: metadata.labels ?? {},
    severity: episode.severity,
    state: episode.is_active ? 'firing' : 'resolved',
    value: episode.actual_value === null ? null : Number(episode.actual_value),
    threshold: episode.threshold_value === null ? null : Number(episode.threshold_value),
    facts: metadata.facts ?? {},
    since: iso(episode.triggered_at),
    endedAt: episode.resolved_at === null ? null : iso(episode.resolved_at),
    alertId: episode.id,
  }
}

function iso(text: string): string {
  return new Date(readInstant(text) / 1000).toISOString()
}

function byUrgency(left: MessageAlert, right: MessageAlert): number {
  if (left.state !== right.state) return left.state === 'firing' ? -1 : 1
  return compareSeverity(right.severity, left.severity) || (left.since < right.since ? -1 : 1)
}

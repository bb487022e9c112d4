import { z } from 'zod'
import type { AlertView } from '@tds/alerting'
import { isoTime, isoTimeOrNull } from '../commands/event-data.ts'
import type { Block, Cell } from '../output/shown.ts'

/** An alert in the JSON form. */
export const alertSchema = z.strictObject({
  alertId: z.string(),
  state: z.enum(['firing', 'recovering', 'resolved', 'withdrawn']),
  severity: z.string(),
  rule: z.string(),
  title: z.string(),
  labels: z.record(z.string(), z.string()),
  /** As text, exactly as it was measured. */
  value: z.string().nullable(),
  threshold: z.string().nullable(),
  since: z.iso.datetime(),
  resolvedAt: z.iso.datetime().nullable(),
  /** Null where nobody has it in hand. */
  acknowledged: z
    .strictObject({
      by: z.string().nullable(),
      at: z.iso.datetime().nullable(),
      /** Null for until it is over. */
      until: z.iso.datetime().nullable(),
    })
    .nullable(),
  /** Why people are not told of it now; null where they are. */
  muted: z.strictObject({ reason: z.string(), by: z.string().nullable() }).nullable(),
})

/** What {@link alertSchema} describes. */
export type AlertData = z.output<typeof alertSchema>

/** An alert as the JSON form has it. */
export function alertData({ episode, state, labels, mute }: AlertView): AlertData {
  const { acknowledged_by: by, acknowledged_at: at, acknowledged_until: until } = episode
  return {
    alertId: episode.id,
    state,
    severity: episode.severity,
    rule: episode.alert_type,
    title: episode.title,
    labels: { ...labels },
    value: numberOf(episode.actual_value),
    threshold: numberOf(episode.threshold_value),
    since: isoTime(episode.triggered_at),
    resolvedAt: isoTimeOrNull(episode.resolved_at),
    acknowledged: episode.acknowledged ? { by, at: isoTimeOrNull(at), until: isoTimeOrNull(until) } : null,
    muted: mute === null ? null : { ...mute },
  }
}

/** Alerts for people. */
export function alertTable(alerts: readonly AlertData[]): Block {
  return {
    kind: 'table',
    columns: [
      'alert',
      'state',
      'severity',
      'since',
      'rule',
      'of',
      'value',
      'threshold',
      'acknowledged',
      'muted',
    ],
    rows: alerts.map((alert) => [
      alert.alertId,
      alert.state,
      alert.severity,
      alert.since,
      alert.rule,
      labelWords(alert.labels),
      alert.value,
      alert.threshold,
      alert.acknowledged?.by ?? null,
      mutedWords(alert),
    ]),
  }
}

/** Why people are not told, and by what. */
export function mutedWords({ muted }: Pick<AlertData, 'muted'>): Cell {
  if (muted === null) return null
  return muted.by === null ? muted.reason : `${muted.reason} by ${muted.by}`
}

/** Labels as people write them. */
export function labelWords(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .map(([label, value]) => `${label}=${value}`)
    .join(' ')
}

// In the column is JSON, `null` where there is no number.
function numberOf(json: string | null): string | null {
  return json === null || json === 'null' ? null : json
}

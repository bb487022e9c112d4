import { z } from 'zod'
import { severities } from '../severity.ts'

/** What a message tells. */
export const messageKinds = [
  'firing',
  'update',
  'repeat',
  'resolved',
  'combined',
  'flapping',
  'stable',
  'digest',
  'internal',
  'emergency',
  'test',
] as const

/** One alert within a message; times as ISO 8601 in UTC. */
export const messageAlertSchema = z.object({
  rule: z.string(),
  title: z.string(),
  labels: z.record(z.string(), z.string()),
  severity: z.enum(severities),
  state: z.enum(['firing', 'resolved']),
  value: z.number().nullable(),
  threshold: z.number().nullable(),
  facts: z.record(z.string(), z.union([z.number(), z.string()])),
  since: z.iso.datetime(),
  endedAt: z.iso.datetime().nullable(),
  alertId: z.string().nullable(),
})

/** What is told to people, before any receiver has rendered it: stored as it is in `tds_notifications.message`. */
export const messageSchema = z.object({
  kind: z.enum(messageKinds),
  /** The most urgent of its alerts. */
  severity: z.enum(severities),
  environment: z.string(),
  at: z.iso.datetime(),
  /** Why it is told now where that is not obvious: "silence ended", "ack expired", "rule changed". */
  reason: z.string().nullable(),
  /** How many times the same was told already. */
  repeat: z.int().min(0),
  /** At most twenty; the most urgent first. */
  alerts: z.array(messageAlertSchema),
  /** Alerts that are not in the list. */
  more: z.int().min(0),
  /** Numbers over all alerts, listed or not. */
  counts: z.object({ firing: z.int().min(0), resolved: z.int().min(0) }),
  /** Where to read what to do. */
  runbookUrl: z.string().nullable(),
  /** Where to look at the alert. */
  alertUrl: z.string().nullable(),
})

/** A message. */
export type AlertMessage = z.output<typeof messageSchema>
/** An alert within a message. */
export type MessageAlert = z.output<typeof messageAlertSchema>
/** What a message tells. */
export type MessageKind = (typeof messageKinds)[number]

/** Alerts that a message lists; the others are counted. */
export const listedAlerts = 20

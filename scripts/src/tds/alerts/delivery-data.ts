import { z } from 'zod'
import type { StoredNotification } from '@tds/db'
import { isoTime, isoTimeOrNull } from '../commands/event-data.ts'
import type { Block, Cell } from '../output/shown.ts'

/** A message of the delivery log in the JSON form. */
export const deliverySchema = z.strictObject({
  messageId: z.string(),
  createdAt: z.iso.datetime(),
  receiver: z.string(),
  kind: z.string(),
  severity: z.string(),
  state: z.enum(['queued', 'sending', 'waiting', 'delivered', 'merged', 'dead']),
  /** Attempts that failed. */
  failedAttempts: z.int(),
  /** When it is tried again; null where it is finished. */
  nextAttemptAt: z.iso.datetime().nullable(),
  finishedAt: z.iso.datetime().nullable(),
  outcome: z.string().nullable(),
  providerStatus: z.string().nullable(),
  detail: z.string().nullable(),
  /** Of a mail to several: who did not get it, and why. */
  refused: z.array(z.strictObject({ recipient: z.string(), detail: z.string().nullable() })),
  /** The message that it stands in for. */
  fallbackOf: z.string().nullable(),
  /** The message that tells it instead. */
  mergedInto: z.string().nullable(),
})

/** What {@link deliverySchema} describes. */
export type DeliveryData = z.output<typeof deliverySchema>

const recipientsSchema = z.array(
  z.object({ recipient: z.string(), delivered: z.boolean(), detail: z.string().nullable() }),
)

/** A message as the JSON form has it. */
export function deliveryData(row: StoredNotification): DeliveryData {
  const recipients = recipientsSchema.parse(JSON.parse(row.recipients ?? '[]') ?? [])
  return {
    messageId: row.id,
    createdAt: isoTime(row.created_at),
    receiver: row.receiver,
    kind: row.kind,
    severity: row.severity,
    state: row.state,
    failedAttempts: row.attempt,
    nextAttemptAt: row.finished_at === null ? isoTime(row.not_before) : null,
    finishedAt: isoTimeOrNull(row.finished_at),
    outcome: row.outcome,
    providerStatus: row.provider_status,
    detail: row.detail,
    refused: recipients
      .filter(({ delivered }) => !delivered)
      .map(({ recipient, detail }) => ({ recipient, detail })),
    fallbackOf: row.fallback_of,
    mergedInto: row.merged_into,
  }
}

/** Messages for people. */
export function deliveryTable(deliveries: readonly DeliveryData[]): Block {
  return {
    kind: 'table',
    columns: [
      'message',
      'created',
      'receiver',
      'kind',
      'severity',
      'state',
      'failed',
      'next',
      'provider',
      'detail',
    ],
    rows: deliveries.map((one) => [
      one.messageId,
      one.createdAt,
      one.receiver,
      one.kind,
      one.severity,
      one.state,
      one.failedAttempts,
      one.nextAttemptAt,
      one.providerStatus,
      detailOf(one),
    ]),
  }
}

function detailOf({ detail, refused, fallbackOf, mergedInto }: DeliveryData): Cell {
  const words = [
    detail,
    ...refused.map((one) => `not to ${one.recipient}: ${one.detail ?? 'no reason given'}`),
    fallbackOf === null ? null : `instead of ${fallbackOf}`,
    mergedInto === null ? null : `told by ${mergedInto}`,
  ].filter((word) => word !== null)
  return words.length === 0 ? null : words.join('; ')
}

import {
  dueNotifications,
  leaseNotification,
  lockReceiverState,
  mergeNotifications,
  rewriteNotification,
  saveReceiverTokens,
  type DueNotification,
  type NotificationLease,
  type Queryable,
} from '@tds/db'
import { messageSchema, type AlertMessage } from '../messages/message.ts'
import type { Receiver, RecipientResult } from '../receivers/receiver.ts'
import { highestSeverity } from '../severity.ts'
import { deliveryLimits, type DeliveryParts } from './delivery-parts.ts'
import { mergeMessages } from './merge-messages.ts'
import { takeToken } from './token-buckets.ts'

/** A message that this lane now sends. */
export interface TakenMessage {
  readonly lease: NotificationLease
  readonly row: DueNotification
  readonly message: AlertMessage
  readonly address: string | null
  readonly recipients: readonly RecipientResult[]
  /** How many were merged into it. */
  readonly merged: number
}

/** What a lane has to do next. */
export type NextStep = TakenMessage | 'nothing due' | 'paused' | 'broken' | 'limited'

const mostAtOnce = 500

/**
 * Takes the most urgent message that a lane may send now. If the limits let no other out right after it, it takes the
 * others along, so that they neither wait nor are lost. The row of the receiver is held meanwhile: lanes of several alerters
 * share one set of limits.
 */
export async function takeNext(parts: DeliveryParts, receiver: Receiver): Promise<NextStep> {
  return parts.db.transaction(async (tx) => {
    const state = await lockReceiverState(tx, receiver.integration)
    if (state.broken_since !== null) return 'broken'
    if (state.paused_ms !== null) return 'paused'
    const due = await dueNotifications(tx, receiver.integration, mostAtOnce)
    const first = due.find((row) => row.is_first)
    if (first === undefined) return 'nothing due'
    // What waits behind it is as urgent as it is to be told.
    const urgency = highestSeverity(
      [first, ...due.filter((row) => isBehind(row, first))].map((row) => row.severity),
    )
    const buckets = { limits: receiver.limits, stored: state.tokens, nowMs: state.now_ms }
    const answer = takeToken(buckets, urgency ?? first.severity)
    if (!answer.taken) return 'limited'
    const lease = await leaseNotification(tx, first, {
      holder: parts.holder,
      seconds: deliveryLimits.lease / 1000,
    })
    if (lease === null) return 'nothing due'
    await saveReceiverTokens(tx, receiver.integration, answer.tokens)
    const others =
      answer.leavesRoom || first.is_retaken ? [] : due.filter((row) => row !== first && !row.is_retaken)
    const { message, merged } = await takeAlong(tx, { lease, first, others })
    return { lease, row: first, message, address: state.address, recipients: recipientsOf(first), merged }
  })
}

function isBehind(row: DueNotification, first: DueNotification): boolean {
  return (
    row !== first &&
    row.group_key !== null &&
    row.group_key === first.group_key &&
    row.receiver === first.receiver
  )
}

interface Taking {
  readonly lease: NotificationLease
  readonly first: DueNotification
  readonly others: readonly DueNotification[]
}

async function takeAlong(
  tx: Queryable,
  { lease, first, others }: Taking,
): Promise<{ message: AlertMessage; merged: number }> {
  const own = messageOf(first)
  if (others.length === 0) return { message: own, merged: 0 }
  const ids = new Set(await mergeNotifications(tx, first.id, inUnbrokenOrder(first, others)))
  const merged = others.filter(({ id }) => ids.has(id))
  const message = mergeMessages(
    { group: groupOf(first), message: own },
    merged.map((row) => ({ group: groupOf(row), message: messageOf(row) })),
  )
  if (merged.length > 0) await rewriteNotification(tx, lease, { message, severity: message.severity })
  return { message, merged: merged.length }
}

/** Of each group only what follows without a gap: what is taken along must not overtake what stays. */
function inUnbrokenOrder(first: DueNotification, others: readonly DueNotification[]): string[] {
  const open = new Set([groupOf(first)])
  return [...others]
    .sort((a, b) => a.sequence - b.sequence)
    .filter((row) => {
      if (row.is_first) open.add(groupOf(row))
      return open.has(groupOf(row))
    })
    .map(({ id }) => id)
}

function groupOf(row: DueNotification): string {
  return row.group_key === null ? row.id : `${row.group_key} ${row.receiver}`
}

function messageOf(row: DueNotification): AlertMessage {
  return messageSchema.parse(JSON.parse(row.message))
}

function recipientsOf(row: DueNotification): RecipientResult[] {
  return row.recipients === null ? [] : (JSON.parse(row.recipients) as RecipientResult[])
}

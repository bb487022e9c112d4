import { databaseTime, insertNotification, listReceiverStates, type Queryable } from '@tds/db'
import { shownValue } from '../messages/clean-text.ts'
import type { AlertMessage } from '../messages/message.ts'
import type { Integration } from '../receivers/receiver.ts'
import { deliveryLimits, integrationsOf, type DeliveryParts } from './delivery-parts.ts'

/** Something that is wrong with delivering itself. */
export interface OwnAlert {
  readonly rule: 'receiver_broken' | 'notification_dead'
  readonly title: string
  /** The way that has the problem: it is told by the others. */
  readonly integration: string
  /** Whom the messages that suffer from it were for. */
  readonly receiver: string
  readonly detail: string
  readonly count: number
}

/** Tells people by the ways that still work that one does not. Returns how many messages that made. */
export async function tellByOthers(tx: Queryable, parts: DeliveryParts, own: OwnAlert): Promise<number> {
  const broken = new Set(
    (await listReceiverStates(tx))
      .filter((state) => state.broken_since !== null)
      .map((state) => state.integration),
  )
  const ways = integrationsOf(parts).filter((way) => way !== own.integration && !broken.has(way))
  const message = ownMessage(parts, own, (await databaseTime(tx)).toISOString())
  for (const way of ways) await insertNotification(tx, newNotification(way, own, message))
  return ways.length
}

function newNotification(way: Integration, { receiver }: OwnAlert, message: AlertMessage) {
  return {
    receiver: `${receiver.split('/')[0] ?? 'alerter'}/${way}`,
    integration: way,
    kind: 'internal',
    severity: 'error',
    message,
    expiresInSeconds: deliveryLimits.maximumAge.error / 1000,
    holder: null,
  }
}

function ownMessage(parts: DeliveryParts, own: OwnAlert, at: string): AlertMessage {
  return {
    kind: 'internal',
    severity: 'error',
    environment: parts.environment,
    at,
    reason: null,
    repeat: 0,
    alerts: [
      {
        rule: own.rule,
        title: own.title,
        labels: { integration: own.integration },
        severity: 'error',
        state: 'firing',
        value: own.count,
        threshold: null,
        facts: { detail: shownValue(own.detail) },
        since: at,
        endedAt: null,
        alertId: null,
      },
    ],
    more: 0,
    counts: { firing: 1, resolved: 0 },
    runbookUrl: parts.runbookUrl?.(own.rule) ?? null,
    alertUrl: null,
  }
}

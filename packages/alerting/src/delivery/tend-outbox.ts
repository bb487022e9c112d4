import { expireNotifications, insertFallbacks, noteInTimeline, type ExpiredNotification } from '@tds/db'
import { countNotifications } from './delivery-counter.ts'
import { deliveryLimits, integrationsOf, type DeliveryParts } from './delivery-parts.ts'
import { tellByOthers } from './own-alerts.ts'

/** What a look over the outbox did. */
export interface TendingReport extends Record<string, number> {
  readonly expired: number
  readonly fallbacks: number
}

/** Gives up what is too old, tells of that by other ways, and has critical messages that are late told by other ways. */
export async function tendOutbox(parts: DeliveryParts): Promise<TendingReport> {
  const expired = await parts.db.transaction(async (tx) => {
    const given = await expireNotifications(tx)
    if (given.length === 0) return given
    const ids = given.map(({ id }) => id)
    await noteInTimeline(tx, ids, { event: 'failed', reason: 'given up because it was too old' })
    for (const [integration, of] of byIntegration(given)) {
      await tellByOthers(tx, parts, {
        rule: 'notification_dead',
        title: 'Messages could not be delivered and were given up',
        integration,
        receiver: of[0]?.receiver ?? 'alerter',
        detail: `${String(of.length)} by ${integration}`,
        count: of.length,
      })
    }
    return given
  })
  for (const { integration } of expired) countNotifications(integration, 'expired')
  const fallbacks = await insertFallbacks(parts.db, {
    integrations: integrationsOf(parts),
    afterSeconds: deliveryLimits.fallbackAfter / 1000,
  })
  return { expired: expired.length, fallbacks }
}

/** Without those that tell of such things themselves: they would tell of each other for ever. */
function byIntegration(all: readonly ExpiredNotification[]): Map<string, ExpiredNotification[]> {
  const told = all.filter(({ kind }) => kind !== 'internal' && kind !== 'test')
  const groups = new Map<string, ExpiredNotification[]>()
  for (const one of told) groups.set(one.integration, [...(groups.get(one.integration) ?? []), one])
  return groups
}

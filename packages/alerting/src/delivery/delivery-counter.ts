import { counter } from '@tds/runtime'
import type { DeliveryClass } from '../receivers/receiver.ts'

const notifications = counter({
  name: 'tds_notifications_total',
  help: 'Messages that this process tried to send, by way and by what came of it (success, or why not); expired are those that were given up because of their age.',
  labelNames: ['integration', 'outcome'],
})

/** Counts an attempt, or a message that was given up: how well each way to people works, without asking the database. */
export function countNotifications(integration: string, outcome: DeliveryClass | 'expired', count = 1): void {
  notifications.inc({ integration, outcome }, count)
}

import type { AlertMessage, MessageAlert } from '../messages/message.ts'
import type { Delivery } from '../receivers/receiver.ts'

/** An alert for a test, different where it is told to be. */
export function anAlert(different: Partial<MessageAlert> = {}): MessageAlert {
  return {
    rule: 'queue_backlog',
    title: 'Too much waits',
    labels: {},
    severity: 'warning',
    state: 'firing',
    value: 1234,
    threshold: 1000,
    facts: {},
    since: '2026-01-01T11:55:00.000Z',
    endedAt: null,
    alertId: null,
    ...different,
  }
}

/** A message for a test about one alert, different where it is told to be. */
export function aMessage(different: Partial<AlertMessage> = {}): AlertMessage {
  return {
    kind: 'firing',
    severity: 'warning',
    environment: 'demo',
    at: '2026-01-01T12:00:00.000Z',
    reason: null,
    repeat: 0,
    alerts: [anAlert()],
    more: 0,
    counts: { firing: 1, resolved: 0 },
    runbookUrl: 'https://docs.example.test/alerts/queue_backlog',
    alertUrl: 'https://tds.example.test/alerts/1',
    ...different,
  }
}

/** An attempt for a test. */
export function aDelivery(different: Partial<Delivery> = {}): Delivery {
  return {
    id: '0b0e7e5a-1111-4222-8333-444455556666',
    message: aMessage(),
    language: 'en',
    isPlain: false,
    address: null,
    recipients: [],
    signal: AbortSignal.timeout(20_000),
    ...different,
  }
}

import { randomUUID } from 'node:crypto'
import { childLogger } from '@tds/runtime'
import { countNotifications } from '../delivery/delivery-counter.ts'
import type { AlertMessage, MessageAlert } from '../messages/message.ts'
import type { Receiver } from '../receivers/receiver.ts'

const log = childLogger('alerting:emergency')

/** Something of which people are told past Postgres, because Postgres or the alerter itself is what is wrong. */
export interface Emergency {
  readonly rule: string
  readonly title: string
  readonly facts: Readonly<Record<string, number | string>>
  readonly since: Date
  /** Null while it lasts. */
  readonly endedAt: Date | null
  /** How many times it was told before. */
  readonly repeat: number
}

/** What sending straight to people takes. */
export interface EmergencyParts {
  /** All that are configured: an emergency goes every way. */
  readonly receivers: readonly Receiver[]
  readonly language: 'en' | 'ar'
  readonly environment: string
  readonly runbookUrl: (rule: string) => string | null
}

/** A message on its way past the outbox. */
export interface EmergencyMessage {
  /** Tries every way that has not had it yet; true once none is left. Never throws. */
  attempt(signal: AbortSignal): Promise<boolean>
}

/** Makes the message of an emergency. What a way refuses is tried again at the next attempt. */
export function emergencyMessage(parts: EmergencyParts, emergency: Emergency): EmergencyMessage {
  const id = randomUUID()
  const message = messageOf(parts, emergency)
  const left = new Set(parts.receivers)
  return {
    attempt: async (signal) => {
      await Promise.all(
        [...left].map(async (receiver) => {
          const result = await receiver.deliver({
            id,
            message,
            language: parts.language,
            isPlain: false,
            address: null,
            recipients: [],
            signal,
          })
          countNotifications(receiver.integration, result.class)
          if (result.class === 'success') left.delete(receiver)
          else
            log.warn('an emergency could not be told', {
              rule: emergency.rule,
              integration: receiver.integration,
              outcome: result.class,
              providerStatus: result.providerStatus,
            })
        }),
      )
      return left.size === 0
    },
  }
}

function messageOf({ environment, runbookUrl }: EmergencyParts, emergency: Emergency): AlertMessage {
  const { rule, title, facts, since, endedAt, repeat } = emergency
  const isOver = endedAt !== null
  const alert: MessageAlert = {
    rule,
    title,
    labels: {},
    severity: 'critical',
    state: isOver ? 'resolved' : 'firing',
    value: null,
    threshold: null,
    facts: { ...facts },
    since: since.toISOString(),
    endedAt: endedAt?.toISOString() ?? null,
    alertId: null,
  }
  return {
    kind: isOver ? 'resolved' : 'emergency',
    severity: 'critical',
    environment,
    at: (endedAt ?? new Date()).toISOString(),
    reason: null,
    repeat,
    alerts: [alert],
    more: 0,
    counts: { firing: isOver ? 0 : 1, resolved: isOver ? 1 : 0 },
    runbookUrl: runbookUrl(rule),
    alertUrl: null,
  }
}

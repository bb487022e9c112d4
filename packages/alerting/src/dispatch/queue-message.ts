import { randomUUID } from 'node:crypto'
import {
  queueNotification,
  insertTimeline,
  mergeNotifications,
  type StoredEpisode,
  type Transaction,
} from '@tds/db'
import { deliveryLimits } from '../delivery/delivery-parts.ts'
import type { MessageKind } from '../messages/message.ts'
import type { Integration } from '../receivers/receiver.ts'
import { buildMessage, type MessageSurroundings } from './build-message.ts'
import { storyOf } from './episode-labels.ts'

/** One way of one receiver. */
export interface Way {
  /** `<receiver>/<integration>`. */
  readonly receiver: string
  readonly integration: Integration
}

/** What queueing needs. */
export interface QueueParts {
  readonly tx: Transaction
  readonly groupKey: string
  readonly surroundings: MessageSurroundings
}

/** A message of a group to one receiver. */
export interface Outgoing {
  readonly kind: MessageKind
  readonly reason: string | null
  readonly told: readonly StoredEpisode[]
  readonly repeat: number
  readonly sequence: number
  /** Messages in whose place it is sent. */
  readonly replaces: readonly string[]
  readonly logEntry: string | null
}

/** Puts a message into the outbox and into the story of each alert that it tells of. */
export async function queueMessage(
  { tx, groupKey, surroundings }: QueueParts,
  way: Way,
  { kind, reason, told, repeat, sequence, replaces, logEntry }: Outgoing,
): Promise<void> {
  const message = buildMessage(surroundings, { kind, reason, repeat, episodes: told })
  const id = randomUUID()
  if (replaces.length > 0) await mergeNotifications(tx, id, replaces)
  await queueNotification(tx, {
    id,
    ...way,
    groupKey,
    sequence,
    kind,
    severity: message.severity,
    message: JSON.stringify(message),
    alertIds: told.map((episode) => episode.id),
    logEntry,
    maxAgeSeconds: deliveryLimits.maximumAge[message.severity] / 1000,
  })
  const facts = { kind, notification: id }
  const { receiver } = way
  await insertTimeline(
    tx,
    told.map((episode) => ({ ...storyOf(episode), event: 'queued', receiver, reason, facts })),
  )
}

import { randomUUID } from 'node:crypto'
import {
  episodesToldBy,
  insertTimeline,
  listEpisodes,
  mergeNotifications,
  queueNotification,
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
  { kind, reason, repeat, sequence, replaces, logEntry, ...outgoing }: Outgoing,
): Promise<void> {
  const id = randomUUID()
  const replaced = replaces.length === 0 ? [] : await mergeNotifications(tx, id, replaces)
  const told = [...outgoing.told, ...(await alsoToldBy(tx, replaced, outgoing.told))]
  const message = buildMessage(surroundings, { kind, reason, repeat, episodes: told })
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

/** What a message that never left would have told: that something is over, above all, of which people still believe the contrary. */
async function alsoToldBy(
  tx: Transaction,
  replaced: readonly string[],
  told: readonly StoredEpisode[],
): Promise<StoredEpisode[]> {
  if (replaced.length === 0) return []
  const known = new Set(told.map(({ id }) => id))
  const ids = (await episodesToldBy(tx, replaced)).filter((id) => !known.has(id))
  return ids.length === 0 ? [] : listEpisodes(tx, { active: null, ids, limit: ids.length })
}

import { noteAction, type OperatorRequest } from '@tds/core'
import {
  acknowledgeEpisode,
  hurryGroups,
  insertTimeline,
  lockEpisode,
  transactOrRehearse,
  unacknowledgeEpisode,
  type Database,
  type LockedEpisode,
  type Transaction,
} from '@tds/db'
import { storyOf } from '../dispatch/episode-labels.ts'
import { alertNotActive, alertNotFound } from './refusals.ts'

/** What came of taking an alert in hand, or of giving it back. */
export interface Acknowledgement {
  readonly alertId: string
  readonly rule: string
  /** Who has it in hand now; null for nobody. */
  readonly by: string | null
  /** Until when, as Postgres prints it; null for until the alert is over, or where nobody has it. */
  readonly until: string | null
  /** False where somebody else had it already, or nobody had it: then only a note was added. */
  readonly changed: boolean
}

/** For how long, in hours: what is critical must not be forgotten in somebody's hands. */
const usualHours = { critical: 4, error: 24, warning: 24, info: 24 } as const

/**
 * Notes that a person has an alert in hand: it is not repeated until that ends. Of two people the first stays, the second
 * adds a note.
 *
 * @throws TdsError `alert_not_found`, `alert_not_active`.
 */
export async function acknowledgeAlert(
  db: Pick<Database, 'transaction'>,
  o: {
    readonly id: string
    /** 0 for until the alert is over; null for what is usual for its urgency. */
    readonly hours: number | null
  },
  request: OperatorRequest,
): Promise<Acknowledgement> {
  return transactOrRehearse(db, request, async (tx) => {
    const episode = await lockActive(tx, o.id)
    const hours = o.hours ?? usualHours[episode.severity]
    const until = episode.is_held
      ? episode.acknowledged_until
      : await acknowledgeEpisode(tx, { id: o.id, by: request.actor, hours: hours === 0 ? null : hours })
    const by = episode.is_held ? episode.acknowledged_by : request.actor
    const done = { by, until, changed: !episode.is_held }
    await note(tx, {
      episode,
      request,
      event: 'acknowledged',
      facts: { ...done, by: request.actor, heldBy: by },
    })
    return { alertId: episode.id, rule: episode.alert_type, ...done }
  })
}

/**
 * Gives an alert back: people are told of it anew, as at the end of an acknowledgement.
 *
 * @throws TdsError `alert_not_found`, `alert_not_active`.
 */
export async function unacknowledgeAlert(
  db: Pick<Database, 'transaction'>,
  id: string,
  request: OperatorRequest,
): Promise<Acknowledgement> {
  return transactOrRehearse(db, request, async (tx) => {
    const episode = await lockActive(tx, id)
    const changed = await unacknowledgeEpisode(tx, id)
    if (changed) {
      const facts = { by: request.actor, heldBy: episode.acknowledged_by }
      await note(tx, { episode, request, event: 'unacknowledged', facts })
      if (episode.group_key !== null) await hurryGroups(tx, [episode.group_key], 'acknowledgement ended')
    }
    return { alertId: id, rule: episode.alert_type, by: null, until: null, changed }
  })
}

async function lockActive(tx: Transaction, id: string): Promise<LockedEpisode> {
  const episode = await lockEpisode(tx, id)
  if (episode === null) throw alertNotFound(id)
  if (!episode.is_active) throw alertNotActive(id, episode.alert_type, episode.resolved_at ?? 'unknown')
  return episode
}

async function note(
  tx: Transaction,
  o: {
    readonly episode: LockedEpisode
    readonly request: OperatorRequest
    readonly event: 'acknowledged' | 'unacknowledged'
    readonly facts: Readonly<Record<string, unknown>>
  },
): Promise<void> {
  const { episode, request, event, facts } = o
  await insertTimeline(tx, [{ ...storyOf(episode), event, reason: request.reason, facts }])
  const action = event === 'acknowledged' ? 'alert.acknowledge' : 'alert.unacknowledge'
  await noteAction(tx, request, {
    action,
    subject: episode.id,
    facts: { rule: episode.alert_type, ...facts },
  })
}

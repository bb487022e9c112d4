import {
  databaseTime,
  lastReasons,
  listAlertStates,
  listEpisodes,
  listFlaps,
  listTimeline,
  notificationsOfEpisode,
  readGroup,
  type Queryable,
  type StoredEpisode,
  type StoredNotification,
  type StoredTimelineEntry,
} from '@tds/db'
import { episodeLabels } from '../dispatch/episode-labels.ts'
import { muteOf, type Mute } from '../dispatch/mute-stages.ts'
import { withdrawnBy } from '../evaluation/store-steps.ts'
import type { Labels } from '../labels.ts'
import { alertNotFound } from './refusals.ts'

/** An alert as people look at it. */
export interface AlertView {
  readonly episode: StoredEpisode
  readonly state: 'firing' | 'recovering' | 'resolved' | 'withdrawn'
  /** Without rule and urgency. */
  readonly labels: Labels
  /** Why people are not told of it now; null where they are, and of what is over. */
  readonly mute: Mute | null
}

/** The same with all that is known of it. */
export interface AlertStory extends AlertView {
  readonly timeline: readonly StoredTimelineEntry[]
  readonly messages: readonly StoredNotification[]
  /** Receiver → why it was not told, where that was the last thing decided. */
  readonly notSent: ReadonlyMap<string, string>
  /** When it is next decided what to tell; null for no such time. */
  readonly nextLookAt: string | null
}

/** Lists alerts, those that fire first; those that are over only where asked for. */
export async function listAlerts(
  db: Queryable,
  o: { readonly all: boolean; readonly limit: number },
): Promise<AlertView[]> {
  const episodes = await listEpisodes(db, { active: o.all ? null : true, limit: o.limit })
  return viewsOf(db, episodes)
}

/**
 * Tells the whole story of one alert.
 *
 * @throws TdsError `alert_not_found`.
 */
export async function showAlert(db: Queryable, id: string): Promise<AlertStory> {
  const [view] = await viewsOf(db, await listEpisodes(db, { active: null, ids: [id], limit: 1 }))
  if (view === undefined) throw alertNotFound(id)
  const { group_key: groupKey, triggered_at: since } = view.episode
  const reasons = await lastReasons(db, [id])
  const group = groupKey === null ? null : await readGroup(db, groupKey)
  return {
    ...view,
    timeline: await listTimeline(db, id),
    messages: await notificationsOfEpisode(db, { id, since }),
    notSent: new Map([...reasons].map(([place, reason]) => [place.slice(id.length + 1), reason])),
    nextLookAt: group?.flush_at ?? null,
  }
}

async function viewsOf(db: Queryable, episodes: readonly StoredEpisode[]): Promise<AlertView[]> {
  const flaps = { all: new Map((await listFlaps(db)).map((flap) => [flap.fingerprint, flap])) }
  const mute = await muteOf(db, { flaps, now: await databaseTime(db) })
  const states = new Map((await listAlertStates(db)).map(({ alert_id: id, state }) => [id, state]))
  return episodes.map((episode) => {
    const { rule: _rule, severity: _severity, ...labels } = episodeLabels(episode)
    return {
      episode,
      state: stateOf(episode, states.get(episode.id)),
      labels,
      mute: episode.is_active ? mute(episode) : null,
    }
  })
}

function stateOf(episode: StoredEpisode, state: string | undefined): AlertView['state'] {
  if (episode.is_active) return state === 'recovering' ? 'recovering' : 'firing'
  return episode.resolved_by === withdrawnBy ? 'withdrawn' : 'resolved'
}

import {
  closeEndedSilences,
  databaseTime,
  expiredAcknowledgements,
  hurryGroups,
  insertTimeline,
  listEpisodes,
  toldOfGroup,
  unacknowledgeEpisode,
  type StoredEpisode,
  type Transaction,
} from '@tds/db'
import { matches } from '../matchers.ts'
import { readMatchers } from '../silences/mute.ts'
import { episodeLabels, storyOf } from './episode-labels.ts'
import { endQuietFlaps } from './flapping.ts'
import type { FlushParts } from './flush-parts.ts'
import { queueMessage } from './queue-message.ts'
import { receiversOf, routeAlert } from './routes.ts'

/** What was silenced, or in somebody's hands, and still fires when that ends is told at once. */
export async function hurryWhatEnded(parts: FlushParts): Promise<void> {
  await parts.db.transaction(async (tx) => {
    await parts.lease.guard(tx)
    const ended = await closeEndedSilences(tx)
    if (ended.length > 0) {
      const caught = ended.map(({ matchers }) => readMatchers(matchers))
      const active = await listEpisodes(tx, { active: true, limit: 10_000 })
      const freed = active.filter((episode) => caught.some((all) => matches(all, episodeLabels(episode))))
      await hurryGroups(tx, keysOf(freed), 'silence ended')
    }
    const expired = await expiredAcknowledgements(tx)
    for (const { id } of expired) await unacknowledgeEpisode(tx, id)
    await insertTimeline(
      tx,
      expired.map((episode) => ({
        ...storyOf(episode),
        event: 'unacknowledged',
        reason: 'its time was over',
      })),
    )
    await hurryGroups(tx, keysOf(expired), 'acknowledgement ended')
    await tellQuiet(tx, parts)
  })
}

/** Of what has stopped to flap people are told how it is now. */
async function tellQuiet(tx: Transaction, parts: FlushParts): Promise<void> {
  const now = await databaseTime(tx)
  const surroundings = { ...parts.surroundings, now }
  for (const episode of await endQuietFlaps(tx, now.getTime() * 1000)) {
    const [routed] = routeAlert(parts.routing, episodeLabels(episode))
    const groupKey = episode.group_key
    if (routed === undefined || groupKey === null) continue
    const rows = await toldOfGroup(tx, groupKey)
    for (const way of receiversOf(parts.routing, routed.route, parts.configured)) {
      const row = rows.find(({ receiver }) => receiver === way.receiver) ?? null
      await queueMessage({ tx, groupKey, surroundings }, way, {
        kind: 'stable',
        reason: null,
        told: [episode],
        repeat: 0,
        sequence: (row?.sequence ?? 0) + 1,
        replaces: [],
        logEntry: null,
      })
    }
  }
}

function keysOf(episodes: readonly StoredEpisode[]): string[] {
  return [...new Set(episodes.flatMap(({ group_key: key }) => key ?? []))]
}

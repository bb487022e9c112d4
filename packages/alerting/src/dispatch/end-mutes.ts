import {
  closeEndedSilences,
  databaseTime,
  expiredAcknowledgements,
  hurryGroups,
  insertTimeline,
  listEpisodes,
  unacknowledgeEpisode,
  type StoredEpisode,
  type Transaction,
} from '@tds/db'
import { matches } from '../matchers.ts'
import { readMatchers } from '../silences/mute.ts'
import { episodeLabels, storyOf } from './episode-labels.ts'
import { endQuietFlaps } from './flapping.ts'
import type { FlushParts } from './flush-parts.ts'
import { remindHolders } from './remind-holders.ts'
import { tellAside } from './tell-aside.ts'

/** What was silenced, or in somebody's hands, and still fires when that ends is told at once; of the latter people are reminded before. */
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
    await remindHolders(tx, parts)
    await tellQuiet(tx, parts)
  })
}

/** Of what has stopped to flap people are told how it is now. */
async function tellQuiet(tx: Transaction, parts: FlushParts): Promise<void> {
  const now = await databaseTime(tx)
  for (const episode of await endQuietFlaps(tx, now.getTime() * 1000))
    await tellAside(tx, parts, { episode, kind: 'stable', reason: null })
}

function keysOf(episodes: readonly StoredEpisode[]): string[] {
  return [...new Set(episodes.flatMap(({ group_key: key }) => key ?? []))]
}

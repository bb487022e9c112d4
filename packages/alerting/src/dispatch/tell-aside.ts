import { databaseTime, toldOfGroup, type StoredEpisode, type Transaction } from '@tds/db'
import type { MessageKind } from '../messages/message.ts'
import { episodeLabels } from './episode-labels.ts'
import type { FlushParts } from './flush-parts.ts'
import { queueMessage } from './queue-message.ts'
import { receiversOf, routeAlert } from './routes.ts'

/** Tells of one episode beside what its group is told, by every way: what receivers know to fire stays as it is. */
export async function tellAside(
  tx: Transaction,
  parts: FlushParts,
  { episode, kind, reason }: Aside,
): Promise<void> {
  const surroundings = { ...parts.surroundings, now: await databaseTime(tx) }
  const [routed] = routeAlert(parts.routing, episodeLabels(episode))
  const groupKey = episode.group_key
  if (routed === undefined || groupKey === null) return
  const rows = await toldOfGroup(tx, groupKey)
  for (const way of receiversOf(parts.routing, routed.route, parts.configured)) {
    const row = rows.find(({ receiver }) => receiver === way.receiver) ?? null
    await queueMessage({ tx, groupKey, surroundings }, way, {
      kind,
      reason,
      told: [episode],
      repeat: 0,
      sequence: (row?.sequence ?? 0) + 1,
      replaces: [],
      logEntry: null,
    })
  }
}

/** What is told, and why now. */
interface Aside {
  readonly episode: StoredEpisode
  readonly kind: MessageKind
  readonly reason: string | null
}

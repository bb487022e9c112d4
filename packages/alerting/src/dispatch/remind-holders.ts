import { databaseTime, endingAcknowledgements, insertTimeline, type Transaction } from '@tds/db'
import { storyOf } from './episode-labels.ts'
import { watchFlapping } from './flapping.ts'
import type { FlushParts } from './flush-parts.ts'
import { muteOf } from './mute-stages.ts'
import { tellAside } from './tell-aside.ts'

/** So long before an acknowledgement ends people are reminded, in minutes; one that lasts no longer ends unannounced. */
const reminderMinutes = 15

/** Reminds people, once, that an alert which somebody has in hand will be told anew. What is muted reminds nobody. */
export async function remindHolders(tx: Transaction, parts: FlushParts): Promise<void> {
  const ending = await endingAcknowledgements(tx, reminderMinutes)
  if (ending.length === 0) return
  const now = await databaseTime(tx)
  const flaps = await watchFlapping(tx, new Map(ending.map((one) => [one.fingerprint, one.alert_type])))
  const mute = await muteOf(tx, { flaps, now })
  const loud = ending.filter((episode) => mute(episode) === null)
  for (const episode of loud)
    await tellAside(tx, parts, { episode, kind: 'repeat', reason: 'acknowledgement ends soon' })
  await insertTimeline(
    tx,
    loud.map((episode) => ({ ...storyOf(episode), event: 'reminded', reason: 'acknowledgement ends soon' })),
  )
}

import { readInstant, type Instant } from '@tds/core'
import {
  beginFlap,
  endFlaps,
  episodeCounts,
  listFlaps,
  newestEpisode,
  type StoredEpisode,
  type StoredFlap,
  type Transaction,
} from '@tds/db'

/** What flaps in a group. */
export interface Flapping {
  /** By fingerprint; null for what was found just now. */
  readonly all: ReadonlyMap<string, StoredFlap | null>
}

/** So many episodes within the window make it flap; a window in which nothing begins or ends makes it quiet. */
const flappingEpisodes = 4
const windowMinutes = 60
/** What is critical is told all the same, once in so long. */
const criticalEverySeconds = 15 * 60

/** Looks which of these instances, fingerprint → rule, fire again and again. */
export async function watchFlapping(
  tx: Transaction,
  instances: ReadonlyMap<string, string>,
): Promise<Flapping> {
  const known = new Map((await listFlaps(tx)).map((flap) => [flap.fingerprint, flap]))
  const counts = await episodeCounts(tx, [...instances.keys()], windowMinutes)
  const often = new Set(
    counts.filter(({ episodes }) => episodes >= flappingEpisodes).map((one) => one.fingerprint),
  )
  const all = new Map<string, StoredFlap | null>()
  for (const [fingerprint, rule] of instances) {
    const flap = known.get(fingerprint)
    if (flap !== undefined) all.set(fingerprint, flap)
    else if (often.has(fingerprint) && (await beginFlap(tx, fingerprint, rule))) all.set(fingerprint, null)
  }
  return { all }
}

/** Forgets what has been quiet for a whole window, and returns the newest episode of each, so that people can be told. */
export async function endQuietFlaps(tx: Transaction, now: Instant): Promise<StoredEpisode[]> {
  const flaps = await listFlaps(tx)
  if (flaps.length === 0) return []
  const newest = await Promise.all(flaps.map(({ fingerprint }) => newestEpisode(tx, fingerprint)))
  const quiet = newest.flatMap((episode) => (episode !== null && isQuiet(episode, now) ? [episode] : []))
  await endFlaps(
    tx,
    quiet.map(({ fingerprint }) => fingerprint),
  )
  return quiet
}

function isQuiet({ triggered_at: from, resolved_at: to }: StoredEpisode, now: Instant): boolean {
  return now - readInstant(to ?? from) >= windowMinutes * 60 * 1_000_000
}

/** Whether people are told of something that flaps: of what is critical, when they have not been for a while. */
export function mayTellFlapping(
  { told_at: toldAt }: Pick<StoredFlap, 'told_at'>,
  o: { readonly isCritical: boolean; readonly now: Instant },
): boolean {
  if (!o.isCritical) return false
  return toldAt === null || o.now - readInstant(toldAt) >= criticalEverySeconds * 1_000_000
}

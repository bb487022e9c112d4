import { listEpisodes, type Queryable, type StoredEpisode } from '@tds/db'
import { withdrawnBy } from '../evaluation/store-steps.ts'
import { inhibitorOf } from '../inhibition/inhibition.ts'
import { readSilences, silencing, type ActiveSilence } from '../silences/mute.ts'
import { episodeLabels, inhibitionPeer } from './episode-labels.ts'
import { mayTellFlapping, type Flapping } from './flapping.ts'
import type { MuteReason } from './flush-decision.ts'

/** Why people are not told of an episode. */
export interface Mute {
  readonly reason: MuteReason
  /** The rule that explains it, or the silence that catches it; null where nothing has a name. */
  readonly by: string | null
}

/** Why people are not told of an episode, if so: the stages of the pipeline, each asked in turn. */
export async function muteOf(
  db: Queryable,
  { flaps, now }: { readonly flaps: Flapping; readonly now: Date },
): Promise<(episode: StoredEpisode) => Mute | null> {
  const silences: readonly ActiveSilence[] = await readSilences(db)
  const active = await listEpisodes(db, { active: true, limit: 10_000 })
  const sources = active.map(inhibitionPeer)
  return (episode) => {
    if (episode.resolved_by === withdrawnBy) return { reason: 'withdrawn', by: null }
    const inhibitor = episode.is_active ? inhibitorOf(inhibitionPeer(episode), sources) : null
    if (inhibitor !== null) return { reason: 'inhibited', by: inhibitor.labels['rule'] ?? null }
    const silence = silencing(silences, episodeLabels(episode))
    if (silence !== null) return { reason: 'silenced', by: silence.id }
    const flap = flaps.all.get(episode.fingerprint) ?? null
    if (flap === null) return null
    const isCritical = episode.severity === 'critical' && episode.is_active
    const isTold = mayTellFlapping(flap, { isCritical, now: now.getTime() * 1000 })
    return isTold ? null : { reason: 'flapping', by: null }
  }
}

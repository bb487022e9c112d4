import { listEpisodes, type StoredEpisode, type Transaction } from '@tds/db'
import { withdrawnBy } from '../evaluation/store-steps.ts'
import { inhibitorOf } from '../inhibition/inhibition.ts'
import { readSilences, silencing, type ActiveSilence } from '../silences/mute.ts'
import { episodeLabels, inhibitionPeer } from './episode-labels.ts'
import { mayTellFlapping, type Flapping } from './flapping.ts'
import type { MuteReason } from './flush-decision.ts'

/** Why people are not told of an episode, if so: the stages of the pipeline, each asked in turn. */
export async function muteOf(
  tx: Transaction,
  { flaps, now }: { readonly flaps: Flapping; readonly now: Date },
): Promise<(episode: StoredEpisode) => MuteReason | null> {
  const silences: readonly ActiveSilence[] = await readSilences(tx)
  const active = await listEpisodes(tx, { active: true, limit: 10_000 })
  const sources = active.map(inhibitionPeer)
  return (episode) => {
    if (episode.resolved_by === withdrawnBy) return 'withdrawn'
    if (episode.is_active && inhibitorOf(inhibitionPeer(episode), sources) !== null) return 'inhibited'
    if (silencing(silences, episodeLabels(episode)) !== null) return 'silenced'
    const flap = flaps.all.get(episode.fingerprint) ?? null
    if (flap === null) return null
    const isCritical = episode.severity === 'critical' && episode.is_active
    return mayTellFlapping(flap, { isCritical, now: now.getTime() * 1000 }) ? null : 'flapping'
  }
}

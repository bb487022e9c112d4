import type { StoredEpisode, TimelineEntry } from '@tds/db'
import type { InhibitionPeer } from '../inhibition/inhibition.ts'
import type { Labels } from '../labels.ts'

/** The labels by which silences, routes and inhibition know an alert. */
export function episodeLabels({ alert_metadata: text, alert_type: rule, severity }: StoredEpisode): Labels {
  const { labels = {} } = JSON.parse(text) as { labels?: Labels }
  return { ...labels, rule, severity }
}

/** An episode as inhibition looks at it. */
export function inhibitionPeer(episode: StoredEpisode): InhibitionPeer {
  return { fingerprint: episode.fingerprint, severity: episode.severity, labels: episodeLabels(episode) }
}

/** What every entry of its story begins with. */
export function storyOf({
  id,
  fingerprint,
  alert_type: rule,
}: StoredEpisode): Pick<TimelineEntry, 'alertId' | 'fingerprint' | 'rule'> {
  return { alertId: id, fingerprint, rule }
}

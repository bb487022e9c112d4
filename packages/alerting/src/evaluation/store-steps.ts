import {
  beginEpisode,
  dropAlertStates,
  endEpisode,
  insertTimeline,
  placeEpisode,
  renewEpisodes,
  saveAlertStates,
  stirGroup,
  type StoredAlertState,
  type TimelineEntry,
  type Transaction,
} from '@tds/db'
import { groupTimers, routeAlert, type Routing } from '../dispatch/routes.ts'
import type { InstanceStep } from './next-instances.ts'

/**
 * Stores what an evaluation came to: states, episodes, the story, and which groups are to be looked at. All of it belongs
 * to the caller's transaction.
 */
export async function storeSteps(
  tx: Transaction,
  o: {
    readonly steps: readonly InstanceStep[]
    readonly routing: Routing
    /** Why what is over is over, where it did not end by itself. */
    readonly note: string | null
  },
): Promise<void> {
  const story: TimelineEntry[] = []
  const saved: StoredAlertState[] = []
  const dropped: string[] = []
  for (const step of o.steps) {
    const alertId = await episodeOf(tx, step, o.note)
    const { before, after, event } = step
    const standing = after ?? before
    if (standing === null) continue
    if (after === null) dropped.push(standing.fingerprint)
    else saved.push({ ...after, alert_id: after.state === 'pending' ? null : alertId })
    if (event !== null) story.push(entryOf(step, standing, alertId))
    if (alertId !== null && isTold(event)) await stir(tx, { step, standing, alertId, routing: o.routing })
  }
  const written = new Set(await saveAlertStates(tx, saved))
  const lost = saved.find(({ fingerprint }) => !written.has(fingerprint))
  if (lost !== undefined) throw new RangeError(`somebody else has changed the state of ${lost.rule}`)
  await dropAlertStates(tx, dropped)
  await renewEpisodes(
    tx,
    saved.flatMap(({ alert_id: id, severity, value, facts }) =>
      id === null ? [] : [{ id, severity, value: value === null ? null : Number(value), facts }],
    ),
  )
  await insertTimeline(tx, story)
}

/** Ends an episode of which nobody is told that it is over. */
export const withdrawnBy = 'rule'

function isTold(event: InstanceStep['event']): boolean {
  return event === 'fired' || event === 'resolved' || event === 'severity' || event === 'withdrawn'
}

/** Begins or ends an episode where the step does; returns the one that it is about. */
async function episodeOf(
  tx: Transaction,
  { before, after, event, settled }: InstanceStep,
  note: string | null,
): Promise<string | null> {
  if (event === 'fired' && after !== null)
    return beginEpisode(tx, {
      fingerprint: after.fingerprint,
      rule: after.rule,
      severity: after.severity,
      title: settled.rule.title,
      labels: after.labels,
      facts: after.facts,
      value: after.value === null ? null : Number(after.value),
      threshold: after.threshold === null ? null : Number(after.threshold),
      entityType: labelsOf(after)['entity'] ?? null,
    })
  const alertId = before?.alert_id ?? null
  if (alertId === null) return null
  if (event === 'resolved') await endEpisode(tx, alertId, { by: null, note })
  if (event === 'withdrawn')
    await endEpisode(tx, alertId, { by: withdrawnBy, note: 'the rule was made milder' })
  return alertId
}

function entryOf({ event }: InstanceStep, standing: StoredAlertState, alertId: string | null): TimelineEntry {
  const { fingerprint, rule, severity, value, threshold } = standing
  return { alertId, fingerprint, rule, event: event ?? '', facts: { severity, value, threshold } }
}

async function stir(
  tx: Transaction,
  o: {
    readonly step: InstanceStep
    readonly standing: StoredAlertState
    readonly alertId: string
    readonly routing: Routing
  },
): Promise<void> {
  const { standing, alertId, routing } = o
  const { rule, severity } = standing
  const { wait, interval } = groupTimers[severity]
  // An episode belongs to one group: the first route that takes it.
  const [routed] = routeAlert(routing, { ...labelsOf(standing), rule, severity })
  if (routed === undefined) return
  const { groupKey, route, groupLabels } = routed
  if (o.step.event === 'fired') await placeEpisode(tx, alertId, groupKey)
  await stirGroup(tx, {
    groupKey,
    route,
    labels: JSON.stringify(groupLabels),
    waitSeconds: wait,
    intervalSeconds: interval,
  })
}

function labelsOf({ labels }: StoredAlertState): Record<string, string> {
  return JSON.parse(labels) as Record<string, string>
}

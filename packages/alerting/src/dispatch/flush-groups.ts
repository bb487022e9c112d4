import { randomUUID } from 'node:crypto'
import { readInstant } from '@tds/core'
import {
  closeEndedSilences,
  databaseTime,
  episodesOfGroup,
  expiredAcknowledgements,
  hurryGroups,
  insertNotification,
  insertTimeline,
  lastReasons,
  listEpisodes,
  lockDueGroups,
  mergeNotifications,
  noteFlapTold,
  noteTold,
  settleGroup,
  toldOfGroup,
  unacknowledgeEpisode,
  type Database,
  type LeaderLease,
  type StoredAlertGroup,
  type StoredEpisode,
  type TimelineEntry,
  type ToldRow,
  type Transaction,
} from '@tds/db'
import { inhibitorOf, type InhibitionPeer } from '../inhibition/inhibition.ts'
import { withdrawnBy } from '../evaluation/store-steps.ts'
import type { Labels } from '../labels.ts'
import type { MessageKind } from '../messages/message.ts'
import type { Integration } from '../receivers/receiver.ts'
import { highestSeverity, type Severity } from '../severity.ts'
import { readMatchers, readSilences, silencing, type ActiveSilence } from '../silences/mute.ts'
import { matches } from '../matchers.ts'
import { buildMessage, type MessageSurroundings } from './build-message.ts'
import { endQuietFlaps, mayTellFlapping, watchFlapping, type Flapping } from './flapping.ts'
import {
  decideFlush,
  type FlushDecision,
  type GroupMember,
  type MuteReason,
  type Told,
} from './flush-decision.ts'
import { groupTimers, receiversOf, routeAlert, type Routing } from './routes.ts'

/** What a pass over the groups needs. */
export interface FlushParts {
  readonly db: Database
  readonly lease: Pick<LeaderLease, 'guard'>
  readonly routing: Routing
  /** The ways to people that are set up. */
  readonly configured: readonly Integration[]
  readonly surroundings: Omit<MessageSurroundings, 'now'>
}

/** What it came to. */
export interface FlushReport {
  readonly groups: number
  readonly queued: number
}

/** Groups in one pass; the others are due still. */
const groupsAtOnce = 100
/** How long a message is worth sending, in seconds. */
const maxAge: Readonly<Record<Severity, number>> = {
  critical: 86_400,
  error: 21_600,
  warning: 21_600,
  info: 21_600,
}

/**
 * Decides for every group that is due what each of its receivers is told, or why nothing. Each group in a transaction of its
 * own, under the lease: what it decides, the outbox, the story and the next time become true together.
 */
export async function flushGroups(parts: FlushParts): Promise<FlushReport> {
  await hurryWhatEnded(parts)
  let groups = 0
  let queued = 0
  for (; groups < groupsAtOnce; groups += 1) {
    const sent = await parts.db.transaction(async (tx) => {
      await parts.lease.guard(tx)
      const [group] = await lockDueGroups(tx, 1)
      return group === undefined ? null : flushGroup(tx, group, parts)
    })
    if (sent === null) break
    queued += sent
  }
  return { groups, queued }
}

/** What was silenced, or in somebody's hands, and still fires when that ends is told at once. */
async function hurryWhatEnded(parts: FlushParts): Promise<void> {
  await parts.db.transaction(async (tx) => {
    await parts.lease.guard(tx)
    const ended = await closeEndedSilences(tx)
    if (ended.length > 0) {
      const caught = ended.map(({ matchers }) => readMatchers(matchers))
      const active = await listEpisodes(tx, { active: true, limit: 10_000 })
      const freed = active.filter((episode) => caught.some((all) => matches(all, labelsOf(episode))))
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
  for (const episode of await endQuietFlaps(tx, now.getTime() * 1000)) {
    const [routed] = routeAlert(parts.routing, labelsOf(episode))
    const groupKey = episode.group_key
    if (routed === undefined || groupKey === null) continue
    const rows = await toldOfGroup(tx, groupKey)
    for (const way of receiversOf(parts.routing, routed.route, parts.configured)) {
      const row = rows.find(({ receiver }) => receiver === way.receiver) ?? null
      await queueMessage({ tx, groupKey, parts, now }, way, {
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

async function flushGroup(tx: Transaction, group: StoredAlertGroup, parts: FlushParts): Promise<number> {
  const told = await toldOfGroup(tx, group.group_key)
  const toldIds = told.flatMap(({ firing }) => Object.values(JSON.parse(firing) as Record<string, string>))
  const episodes = await episodesOfGroup(tx, {
    groupKey: group.group_key,
    toldIds,
    since: group.flushed_at,
  })
  const now = await databaseTime(tx)
  const flaps = await watchFlapping(tx, new Map(episodes.map((one) => [one.fingerprint, one.alert_type])))
  const mute = await muteOf(tx, { flaps, now })
  const members = episodes.map((episode) => memberOf(episode, mute(episode)))
  const flush: Flush = { tx, group, episodes, members, flaps, now, parts }
  let queued = 0
  for (const way of receiversOf(parts.routing, group.route, parts.configured)) {
    const row = told.find(({ receiver }) => receiver === way.receiver) ?? null
    queued += await flushReceiver(flush, way, row)
  }
  await noteFlapTold(tx, toldOfFlapping(flush))
  await settleGroup(tx, group.group_key, { nextSeconds: nextSeconds(members) })
  return queued
}

interface Flush {
  readonly tx: Transaction
  readonly group: StoredAlertGroup
  readonly episodes: readonly StoredEpisode[]
  readonly members: readonly GroupMember[]
  readonly flaps: Flapping
  readonly now: Date
  readonly parts: FlushParts
}

/** Why people are not told of an episode, if so: the stages of the pipeline, each asked in turn. */
async function muteOf(
  tx: Transaction,
  { flaps, now }: { readonly flaps: Flapping; readonly now: Date },
): Promise<(episode: StoredEpisode) => MuteReason | null> {
  const silences: readonly ActiveSilence[] = await readSilences(tx)
  const active = await listEpisodes(tx, { active: true, limit: 10_000 })
  const sources = active.map(peerOf)
  return (episode) => {
    if (episode.resolved_by === withdrawnBy) return 'withdrawn'
    if (episode.is_active && inhibitorOf(peerOf(episode), sources) !== null) return 'inhibited'
    if (silencing(silences, labelsOf(episode)) !== null) return 'silenced'
    const flap = flaps.all.get(episode.fingerprint) ?? null
    if (flap === null) return null
    const isCritical = episode.severity === 'critical' && episode.is_active
    return mayTellFlapping(flap, { isCritical, now: now.getTime() * 1000 }) ? null : 'flapping'
  }
}

function memberOf(episode: StoredEpisode, muted: MuteReason | null): GroupMember {
  return {
    fingerprint: episode.fingerprint,
    alertId: episode.id,
    severity: episode.severity,
    isFiring: episode.is_active,
    isAcknowledged: episode.acknowledged,
    muted,
  }
}

async function flushReceiver(
  flush: Flush,
  way: { readonly receiver: string; readonly integration: Integration },
  row: ToldRow | null,
): Promise<number> {
  const { tx, group, members, now } = flush
  const severity =
    highestSeverity(members.filter(({ isFiring }) => isFiring).map((one) => one.severity)) ?? 'info'
  const decision = decideFlush({
    members,
    told: toldBy(row),
    repeatSeconds: groupTimers[severity].repeat,
    reason: group.flush_reason,
    wantsResolved: true,
    now: now.getTime() * 1000,
  })
  if (decision.kind === null) {
    await noteSilence(flush, way.receiver, decision, row)
    return 0
  }
  const told = flush.episodes.filter(({ id }) => decision.alertIds.includes(id))
  const isFlapping = told.some(({ fingerprint }) => flush.flaps.all.get(fingerprint) === null)
  const { repeats: repeat, severity: highest, firing } = decision.after
  await queueMessage({ ...flush, groupKey: group.group_key }, way, {
    kind: isFlapping && decision.kind === 'firing' ? 'flapping' : decision.kind,
    reason: decision.reason,
    told,
    repeat,
    sequence: (row?.sequence ?? 0) + 1,
    replaces: decision.replaces && row !== null ? row.replaceable : [],
    logEntry: JSON.stringify({ firing: Object.fromEntries(firing), severity: highest, repeats: repeat }),
  })
  return 1
}

function toldBy(row: ToldRow | null): Told {
  if (row === null) return { firing: new Map(), severity: null, repeats: 0, sentAt: null, isUnderWay: false }
  return {
    firing: new Map(Object.entries(JSON.parse(row.firing) as Record<string, string>)),
    severity: row.severity,
    repeats: row.repeats,
    sentAt: row.sent_at === null ? null : readInstant(row.sent_at),
    isUnderWay: row.replaceable.length > 0,
  }
}

/** A message of a group to one receiver. */
interface Outgoing {
  readonly kind: MessageKind
  readonly reason: string | null
  readonly told: readonly StoredEpisode[]
  readonly repeat: number
  readonly sequence: number
  /** Messages in whose place it is sent. */
  readonly replaces: readonly string[]
  readonly logEntry: string | null
}

async function queueMessage(
  { tx, groupKey, now, parts }: Pick<Flush, 'tx' | 'now' | 'parts'> & { readonly groupKey: string },
  way: { readonly receiver: string; readonly integration: Integration },
  { kind, reason, told, repeat, sequence, replaces, logEntry }: Outgoing,
): Promise<void> {
  const message = buildMessage({ ...parts.surroundings, now }, { kind, reason, repeat, episodes: told })
  const id = randomUUID()
  if (replaces.length > 0) await mergeNotifications(tx, { ids: replaces, into: id })
  await insertNotification(tx, {
    id,
    ...way,
    groupKey,
    sequence,
    kind,
    severity: message.severity,
    message: JSON.stringify(message),
    alertIds: told.map((episode) => episode.id),
    logEntry,
    maxAgeSeconds: maxAge[message.severity],
  })
  const facts = { kind, notification: id }
  const { receiver } = way
  await insertTimeline(
    tx,
    told.map((episode) => ({ ...storyOf(episode), event: 'queued', receiver, reason, facts })),
  )
}

/** Says why nobody is told, once for each reason. */
async function noteSilence(
  { tx, group, episodes, members }: Flush,
  receiver: string,
  decision: FlushDecision,
  row: ToldRow | null,
): Promise<void> {
  const firing = JSON.stringify(Object.fromEntries(decision.after.firing))
  if (row !== null && !row.is_under_way) await noteTold(tx, { groupKey: group.group_key, receiver, firing })
  const known = await lastReasons(
    tx,
    episodes.map(({ id }) => id),
  )
  const entries = episodes.flatMap((episode): TimelineEntry[] => {
    const member = members.find(({ alertId }) => alertId === episode.id)
    const reason = member?.muted ?? decision.reason ?? 'nothing_new'
    const isTold = decision.after.firing.get(episode.fingerprint) === episode.id && reason === 'nothing_new'
    if (isTold || known.get(`${episode.id} ${receiver}`) === reason) return []
    return [{ ...storyOf(episode), event: 'not_sent', receiver, reason }]
  })
  await insertTimeline(tx, entries)
}

function toldOfFlapping({ members, flaps }: Flush): string[] {
  return members
    .filter(({ fingerprint, isFiring, muted }) => isFiring && muted === null && flaps.all.has(fingerprint))
    .map(({ fingerprint }) => fingerprint)
}

/** A group in which something fires is looked at again; one in which all is over waits for what comes. */
function nextSeconds(members: readonly GroupMember[]): number | null {
  const severity = highestSeverity(members.filter(({ isFiring }) => isFiring).map((one) => one.severity))
  return severity === null ? null : groupTimers[severity].interval
}

function storyOf({ id, fingerprint, alert_type: rule }: StoredEpisode) {
  return { alertId: id, fingerprint, rule }
}

function peerOf(episode: StoredEpisode): InhibitionPeer {
  return { fingerprint: episode.fingerprint, severity: episode.severity, labels: labelsOf(episode) }
}

/** The labels by which silences, routes and inhibition know an alert. */
function labelsOf({ alert_metadata: text, alert_type: rule, severity }: StoredEpisode): Labels {
  const { labels = {} } = JSON.parse(text) as { labels?: Labels }
  return { ...labels, rule, severity }
}

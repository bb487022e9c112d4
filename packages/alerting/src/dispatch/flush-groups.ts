import { readInstant } from '@tds/core'
import {
  databaseTime,
  episodesOfGroup,
  insertTimeline,
  lastReasons,
  lockDueGroups,
  noteFlapTold,
  noteTold,
  settleGroup,
  toldOfGroup,
  type StoredAlertGroup,
  type StoredEpisode,
  type TimelineEntry,
  type ToldRow,
  type Transaction,
} from '@tds/db'
import { highestSeverity } from '../severity.ts'
import { hurryWhatEnded } from './end-mutes.ts'
import { storyOf } from './episode-labels.ts'
import { watchFlapping, type Flapping } from './flapping.ts'
import {
  decideFlush,
  type FlushDecision,
  type GroupMember,
  type MuteReason,
  type Told,
} from './flush-decision.ts'
import type { FlushParts } from './flush-parts.ts'
import { muteOf } from './mute-stages.ts'
import { queueMessage, type Way } from './queue-message.ts'
import { groupTimers, receiversOf } from './routes.ts'

/** What it came to. */
export interface FlushReport {
  readonly groups: number
  readonly queued: number
}

/** Groups in one pass; the others are due still. */
const groupsAtOnce = 100

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
  const members = episodes.map((episode) => memberOf(episode, mute(episode)?.reason ?? null))
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

async function flushReceiver(flush: Flush, way: Way, row: ToldRow | null): Promise<number> {
  const { group, members, now } = flush
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
  if (decision.kind === null) await noteKnown(flush, way.receiver, { decision, row })
  else await tellReceiver(flush, way, { decision: { ...decision, kind: decision.kind }, row })
  await noteUntold(flush, way.receiver, decision)
  return decision.kind === null ? 0 : 1
}

/** A decision to send something. */
type Sending = FlushDecision & { readonly kind: NonNullable<FlushDecision['kind']> }

async function tellReceiver(
  flush: Flush,
  way: Way,
  { decision, row }: { readonly decision: Sending; readonly row: ToldRow | null },
): Promise<void> {
  const { group, now } = flush
  const told = flush.episodes.filter(({ id }) => decision.alertIds.includes(id))
  const isFlapping = told.some(({ fingerprint }) => flush.flaps.all.get(fingerprint) === null)
  const { repeats: repeat, severity: highest, firing } = decision.after
  await queueMessage(
    { tx: flush.tx, groupKey: group.group_key, surroundings: { ...flush.parts.surroundings, now } },
    way,
    {
      kind: isFlapping && decision.kind === 'firing' ? 'flapping' : decision.kind,
      reason: decision.reason,
      told,
      repeat,
      sequence: (row?.sequence ?? 0) + 1,
      replaces: decision.replaces && row !== null ? row.replaceable : [],
      logEntry: JSON.stringify({ firing: Object.fromEntries(firing), severity: highest, repeats: repeat }),
    },
  )
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

/** Nothing is sent, and yet the receiver may have heard of the end of something that it is not told of. */
async function noteKnown(
  { tx, group }: Flush,
  receiver: string,
  { decision, row }: { readonly decision: FlushDecision; readonly row: ToldRow | null },
): Promise<void> {
  const firing = JSON.stringify(Object.fromEntries(decision.after.firing))
  if (row !== null && !row.is_under_way) await noteTold(tx, { groupKey: group.group_key, receiver, firing })
}

/** Says of what is not told why, once for each reason; also beside a message that tells of others. */
async function noteUntold(
  { tx, episodes, members }: Flush,
  receiver: string,
  decision: FlushDecision,
): Promise<void> {
  const told = decision.kind === null ? [] : decision.alertIds
  const known = await lastReasons(
    tx,
    episodes.map(({ id }) => id),
  )
  const entries = episodes.flatMap((episode): TimelineEntry[] => {
    const member = members.find(({ alertId }) => alertId === episode.id)
    if (member === undefined || told.includes(episode.id)) return []
    const reason = untoldBecause(member, decision)
    const isTold = decision.after.firing.get(episode.fingerprint) === episode.id && reason === 'nothing_new'
    if (isTold || known.get(`${episode.id} ${receiver}`) === reason) return []
    return [{ ...storyOf(episode), event: 'not_sent', receiver, reason }]
  })
  await insertTimeline(tx, entries)
}

function untoldBecause({ muted, isFiring }: GroupMember, { reason }: FlushDecision): string {
  if (muted !== null) return muted
  if (reason === 'not_wanted') return reason
  return isFiring ? 'nothing_new' : 'over_already'
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

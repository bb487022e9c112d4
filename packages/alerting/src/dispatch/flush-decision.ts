import type { Instant } from '@tds/core'
import type { MessageKind } from '../messages/message.ts'
import { compareSeverity, highestSeverity, type Severity } from '../severity.ts'

/** Why people are not told of an alert that fires. */
export type MuteReason = 'inhibited' | 'silenced' | 'flapping' | 'withdrawn'

/** An alert of a group, as a flush looks at it: one that fires, or one that has ended since people were told last. */
export interface GroupMember {
  readonly fingerprint: string
  readonly alertId: string
  readonly severity: Severity
  readonly isFiring: boolean
  readonly isAcknowledged: boolean
  readonly muted: MuteReason | null
}

/** What a receiver knows of a group, or will know once what is under way to it has arrived. */
export interface Told {
  /** Fingerprint → episode. */
  readonly firing: ReadonlyMap<string, string>
  readonly severity: Severity | null
  readonly repeats: number
  readonly sentAt: Instant | null
  /** Whether nothing of it has left yet, so that it can still be replaced. */
  readonly isUnderWay: boolean
}

/** What is held against each other. */
export interface FlushInput {
  readonly members: readonly GroupMember[]
  readonly told: Told
  /** Null for never. */
  readonly repeatSeconds: number | null
  /** Why people are told again although nothing changed; null for no such reason. */
  readonly reason: string | null
  readonly wantsResolved: boolean
  readonly now: Instant
}

/** What is sent, or why nothing is. */
export interface FlushDecision {
  readonly kind: Extract<MessageKind, 'firing' | 'update' | 'repeat' | 'resolved' | 'combined'> | null
  readonly reason: string | null
  /** Episodes that the message tells of. */
  readonly alertIds: readonly string[]
  /** What the receiver knows afterwards. */
  readonly after: Pick<Told, 'firing' | 'severity' | 'repeats'>
  /** Whether it takes the place of what is still under way. */
  readonly replaces: boolean
}

/** The first line that fits decides, as for every receiver of a group. Nothing that fired is passed over without a reason. */
export function decideFlush(input: FlushInput): FlushDecision {
  const seen = sortMembers(input)
  const { loud, kept, fresh, gone, unheard } = seen
  const after = afterwards(seen)
  const { told, wantsResolved } = input
  // What began and ended unheard, and is grave, goes with whatever is told next.
  const alertIds = [...loud, ...gone, ...unheard].map(({ alertId }) => alertId)
  const send = (kind: FlushDecision['kind'], reason: string | null = null): FlushDecision => ({
    kind,
    reason,
    alertIds,
    after,
    replaces: false,
  })
  if (input.reason !== null && loud.length > 0) return send('firing', input.reason)
  if (fresh.length > 0) return send('firing')
  if (isRaised(told.severity, after.severity)) return send('firing', 'more urgent')
  if (gone.length > 0 && wantsResolved) {
    if (loud.length + kept.length > 0) return send('update')
    return told.isUnderWay ? { ...send('combined'), replaces: true } : send('resolved')
  }
  if (unheard.length > 0) return send('combined')
  if (isRepeatDue(input, loud)) return { ...send('repeat'), after: { ...after, repeats: told.repeats + 1 } }
  return send(null, whyNothing(input, gone))
}

interface SortedMembers {
  /** Fires, and people may be told. */
  readonly loud: readonly GroupMember[]
  /** Fires, people were told, and are not to be told again now. */
  readonly kept: readonly GroupMember[]
  /** Fires, and people do not know. */
  readonly fresh: readonly GroupMember[]
  /** Over, and people believe that it fires. */
  readonly gone: readonly GroupMember[]
  /** Over before anybody was told, and grave enough to be told of all the same. */
  readonly unheard: readonly GroupMember[]
  readonly repeats: number
}

function sortMembers({ members, told }: FlushInput): SortedMembers {
  const isTold = ({ fingerprint, alertId }: GroupMember) => told.firing.get(fingerprint) === alertId
  const firing = members.filter(({ isFiring }) => isFiring)
  const over = members.filter(({ isFiring }) => !isFiring)
  const loud = firing.filter(({ muted }) => muted === null)
  return {
    loud,
    kept: firing.filter((member) => member.muted !== null && isTold(member)),
    fresh: loud.filter((member) => !isTold(member)),
    gone: over.filter((member) => isTold(member) && !isDropped(member)),
    unheard: over.filter(
      (member) => !isTold(member) && member.muted === null && compareSeverity(member.severity, 'error') >= 0,
    ),
    repeats: told.repeats,
  }
}

/** What a silence or a cause keeps quiet is told of when it is over; of these people hear no more. */
function isDropped({ muted }: GroupMember): boolean {
  return muted === 'flapping' || muted === 'withdrawn'
}

function afterwards({ loud, kept, fresh, repeats }: SortedMembers): FlushDecision['after'] {
  const known = [...loud, ...kept]
  return {
    firing: new Map(known.map(({ fingerprint, alertId }) => [fingerprint, alertId])),
    severity: highestSeverity(known.map(({ severity }) => severity)),
    repeats: fresh.length > 0 || known.length === 0 ? 0 : repeats,
  }
}

function isRaised(before: Severity | null, after: Severity | null): boolean {
  return before !== null && after !== null && compareSeverity(after, before) > 0
}

function isRepeatDue({ told, repeatSeconds, now }: FlushInput, loud: readonly GroupMember[]): boolean {
  if (repeatSeconds === null || told.sentAt === null) return false
  return now - told.sentAt >= repeatSeconds * 1_000_000 && loud.some(({ isAcknowledged }) => !isAcknowledged)
}

function whyNothing({ members }: FlushInput, gone: readonly GroupMember[]): string {
  if (gone.length > 0) return 'not_wanted'
  return members.find(({ muted }) => muted !== null)?.muted ?? 'nothing_new'
}

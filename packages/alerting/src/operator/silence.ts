import { noteAction, type OperatorRequest } from '@tds/core'
import {
  databaseTime,
  endSilence as endStored,
  insertSilence,
  insertTimeline,
  listEpisodes,
  lockSilence,
  transactOrRehearse,
  type Database,
  type StoredEpisode,
  type StoredSilence,
  type Transaction,
} from '@tds/db'
import { episodeLabels, storyOf } from '../dispatch/episode-labels.ts'
import { matches, type Matcher } from '../matchers.ts'
import { readMatchers } from '../silences/mute.ts'
import { catchesAll, knownRules, matcherWords } from './catches-everything.ts'
import {
  catchesEverything,
  endsTooEarly,
  lastsTooLong,
  nothingNamed,
  reasonMissing,
  silenceNotFound,
  silenceOver,
} from './refusals.ts'

/** A silence that is wanted. */
export interface WantedSilence {
  /** All must hold. */
  readonly matchers: readonly Matcher[]
  /** Null for now. */
  readonly startsAt: Date | null
  /** When it ends, or how long after its beginning. */
  readonly end: Date | { readonly ms: number }
  /** Confirms that it may catch all alerts there can be. */
  readonly everything: boolean
}

/** A silence that was made or ended, and what it catches of what fires now. */
export interface SilenceChange {
  readonly silence: StoredSilence
  readonly caught: readonly StoredEpisode[]
  /** Rules that it names and that there are none of: a slip of the hand catches nothing. */
  readonly unknownRules: readonly string[]
}

const mostMs = 30 * 24 * 3_600_000
// Every alert has a rule: this is what catches all of them.
const everyAlert: Matcher = { label: 'rule', op: '!=', values: [''] }

/**
 * Keeps what matches quiet for a while.
 *
 * @throws TdsError `silence_refused`, `silence_catches_everything`.
 */
export async function addSilence(
  db: Pick<Database, 'transaction'>,
  wanted: WantedSilence,
  request: OperatorRequest,
): Promise<SilenceChange> {
  const reason = request.reason?.trim() ?? ''
  if (reason.length < 3) throw reasonMissing()
  const matchers = checkedMatchers(wanted)
  return transactOrRehearse(db, request, async (tx) => {
    const { startsAt, endsAt } = checkedTimes(wanted, await databaseTime(tx))
    const silence = await insertSilence(tx, {
      matchers: JSON.stringify(matchers),
      startsAt: startsAt.toISOString(),
      endsAt: endsAt.toISOString(),
      author: request.actor,
      reason,
    })
    const change = await changeOf(tx, silence)
    await note(tx, { change, request, event: 'silenced', action: 'silence.add' })
    return change
  })
}

/**
 * Ends a silence: what it kept quiet and still fires is told at once.
 *
 * @throws TdsError `silence_not_found`, `silence_over`.
 */
export async function endSilence(
  db: Pick<Database, 'transaction'>,
  id: string,
  request: OperatorRequest,
): Promise<SilenceChange> {
  return transactOrRehearse(db, request, async (tx) => {
    const before = await lockSilence(tx, id)
    if (before === null) throw silenceNotFound(id)
    const ended = await endStored(tx, id, request.actor)
    if (ended === null) throw silenceOver(id, before.ends_at)
    const change = await changeOf(tx, ended)
    await note(tx, { change, request, event: 'unsilenced', action: 'silence.end', before })
    return change
  })
}

function checkedMatchers({ matchers, everything }: WantedSilence): readonly Matcher[] {
  if (matchers.length === 0 && !everything) throw nothingNamed()
  if (!everything && catchesAll(matchers)) throw catchesEverything(matcherWords(matchers))
  return matchers.length === 0 ? [everyAlert] : matchers
}

/** A beginning that is past is now: nothing is kept quiet in hindsight. */
function checkedTimes(
  { startsAt: wanted, end }: WantedSilence,
  now: Date,
): { readonly startsAt: Date; readonly endsAt: Date } {
  const startsAt = wanted !== null && wanted > now ? wanted : now
  const endsAt = end instanceof Date ? end : new Date(startsAt.getTime() + end.ms)
  if (endsAt <= startsAt) throw endsTooEarly(startsAt, endsAt)
  if (endsAt.getTime() - startsAt.getTime() > mostMs) throw lastsTooLong(startsAt, endsAt)
  return { startsAt, endsAt }
}

async function changeOf(tx: Transaction, silence: StoredSilence): Promise<SilenceChange> {
  const matchers = readMatchers(silence.matchers)
  const active = await listEpisodes(tx, { active: true, limit: 10_000 })
  const rules = new Set(knownRules())
  const named = matchers.flatMap(({ label, values }) => (label === 'rule' ? values : []))
  return {
    silence,
    caught: active.filter((episode) => matches(matchers, episodeLabels(episode))),
    unknownRules: named.filter((name) => name !== '' && !rules.has(name)),
  }
}

async function note(
  tx: Transaction,
  o: {
    readonly change: SilenceChange
    readonly request: OperatorRequest
    readonly event: 'silenced' | 'unsilenced'
    readonly action: 'silence.add' | 'silence.end'
    readonly before?: StoredSilence
  },
): Promise<void> {
  const { change, request, event, action, before } = o
  const { id, matchers, starts_at: startsAt, ends_at: endsAt } = change.silence
  const facts = { silence: id, by: request.actor, startsAt, endsAt }
  await insertTimeline(
    tx,
    change.caught.map((episode) => ({ ...storyOf(episode), event, reason: request.reason, facts })),
  )
  await noteAction(tx, request, {
    action,
    subject: id,
    facts: {
      matchers: readMatchers(matchers),
      startsAt,
      endsAt,
      caught: change.caught.length,
      ...(before === undefined ? {} : { before: { startsAt: before.starts_at, endsAt: before.ends_at } }),
    },
  })
}

import fc from 'fast-check'
import { sendTo, type ApiWorld, type TestAnswer } from './api-world.ts'
import { watchEventLoop } from './event-loop-watch.ts'
import { hostileRequest, type HostileRequest } from './hostile-request.ts'
import { exchangeRaw } from './raw-exchange.ts'
import { requireDescribed } from './require-described.ts'

/** What a run of hostile requests came to. */
export interface HostileReport {
  readonly requests: number
  /** Answers by status; 0 is a connection closed without one, which only bytes that are no request may get. */
  readonly answers: Readonly<Record<string, number>>
  /** Authentic deliveries, which all must have their row or count on one. */
  readonly authentic: number
  readonly rows: number
  readonly duplicates: number
  readonly slowestMs: number
  readonly longestBlockMs: number
  readonly seconds: number
  /** What was not as it must be, with the place in the run. */
  readonly broken: readonly string[]
}

const madeAtOnce = 200
const sentAtOnce = 25
/** Of an api that has its disk for itself. */
const usualAnswerMs = 5000

/** Sends requests made from a seed, the same for the same seed, and holds every answer and row against what is prescribed. */
export async function runHostileRequests(
  world: ApiWorld,
  o: {
    readonly seed: number
    readonly requests: number
    /** Longest wait for an answer; more than the promised five seconds where others crash databases on the same disk. */
    readonly mostAnswerMs?: number
  },
): Promise<HostileReport> {
  const { seed, requests, mostAnswerMs = usualAnswerMs } = o
  const answers: Record<string, number> = {}
  const broken: string[] = []
  const promised = new Map<string, number>()
  let authentic = 0
  let slowestMs = 0
  const startedAt = performance.now()
  let longestBlockMs = 0

  async function visit(hostile: HostileRequest, at: number): Promise<void> {
    const sentAt = performance.now()
    const { status, problem, eventId } = await answerTo(world, hostile)
    const tookMs = performance.now() - sentAt
    slowestMs = Math.max(slowestMs, tookMs)
    answers[status] = (answers[status] ?? 0) + 1
    if (eventId !== null) promised.set(eventId, (promised.get(eventId) ?? 0) + 1)
    if (hostile.kind === 'request' && hostile.prescribed === 'stored') authentic += 1
    const wrong = problem ?? (tookMs > mostAnswerMs ? `took more than ${String(mostAnswerMs)} ms` : null)
    if (wrong !== null) broken.push(`request ${String(at)}: ${wrong}: ${shown(hostile)}`)
  }

  for (let first = 0; first < requests; first += madeAtOnce) {
    const numRuns = Math.min(madeAtOnce, requests - first)
    const made = fc.sample(hostileRequest, { seed: seed + first, numRuns })
    // Only now, because making and signing them takes long enough to be noticed.
    const watch = watchEventLoop()
    for (let next = 0; next < made.length; next += sentAtOnce) {
      const sent = made.slice(next, next + sentAtOnce)
      await Promise.all(sent.map((hostile, index) => visit(hostile, first + next + index)))
    }
    longestBlockMs = Math.max(longestBlockMs, await watch.end())
  }
  const seconds = (performance.now() - startedAt) / 1000
  const kept = await keptIn(world)
  broken.push(...unkept(promised, kept))
  return {
    requests,
    answers,
    authentic,
    rows: kept.size,
    duplicates: [...kept.values()].reduce((sum, times) => sum + times - 1, 0),
    slowestMs: Math.round(slowestMs),
    longestBlockMs: Math.round(longestBlockMs),
    seconds: Math.round(seconds),
    broken,
  }
}

interface Visited {
  readonly status: number
  readonly problem: string | null
  readonly eventId: string | null
}

async function answerTo({ apiUrl }: ApiWorld, hostile: HostileRequest): Promise<Visited> {
  if (hostile.kind === 'bytes') {
    const { statuses } = await exchangeRaw(apiUrl, hostile.raw)
    const wrong = statuses.find((status) => status < 400 || status >= 500)
    return {
      status: statuses[0] ?? 0,
      problem: wrong === undefined ? null : `answered ${String(wrong)}`,
      eventId: null,
    }
  }
  try {
    const answer = await sendTo(apiUrl, hostile.request)
    return { status: answer.status, problem: problemWith(answer, hostile), eventId: eventIdOf(answer) }
  } catch (error) {
    return { status: 0, problem: `no answer (${String(error)})`, eventId: null }
  }
}

function problemWith(
  answer: TestAnswer,
  { request, prescribed }: Extract<HostileRequest, { kind: 'request' }>,
): string | null {
  const isStored = answer.status === 200 || answer.status === 202
  const isAsPrescribed = prescribed === 'stored' ? isStored : answer.status === prescribed
  if (!isAsPrescribed) return `answered ${String(answer.status)} instead of ${String(prescribed)}`
  try {
    requireDescribed(request, answer)
    return null
  } catch (error) {
    return String(error)
  }
}

function eventIdOf({ status, body }: TestAnswer): string | null {
  return status < 300 ? String(body['eventId']) : null
}

/** Event id → how many deliveries the inbox says it stands for. */
async function keptIn(world: ApiWorld): Promise<Map<string, number>> {
  const { rows } = await world.db.query<{ id: string; times: string }>(
    `SELECT kept.id, 1 + kept.duplicate_count + coalesce(sum(tally.times), 0) AS times
       FROM tds_inbox_events AS kept LEFT JOIN tds_duplicate_tallies AS tally ON tally.event_id = kept.id
      GROUP BY kept.id`,
  )
  return new Map(rows.map(({ id, times }) => [id, Number(times)]))
}

function unkept(promised: ReadonlyMap<string, number>, kept: ReadonlyMap<string, number>): string[] {
  const ids = new Set([...promised.keys(), ...kept.keys()])
  return [...ids]
    .filter((id) => promised.get(id) !== kept.get(id))
    .map(
      (id) =>
        `event ${id}: ${String(promised.get(id) ?? 0)} answers, ${String(kept.get(id) ?? 0)} deliveries kept`,
    )
}

function shown(hostile: HostileRequest): string {
  if (hostile.kind === 'bytes') return JSON.stringify(hostile.raw.bytes.toString('latin1'))
  const { body, ...request } = hostile.request
  return JSON.stringify({ ...request, body: body?.toString('latin1').slice(0, 500) }).slice(0, 3000)
}

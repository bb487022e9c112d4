import {
  admitCalls,
  classifyDatabaseError,
  isDatabaseConflict,
  type CallAdmission,
  type CallTerms,
  type Queryable,
} from '@tds/db'
import type { Clock } from '@tds/runtime'
import { budgetWait, laneExhausted, quotaExhausted, waitEnded } from './budget-errors.ts'
import type { CallRequest } from './gate.ts'

/** One who waits for a call. */
export interface Waiter {
  /** Becomes the id of the call. */
  readonly id: string
  readonly rank: number
  readonly kept: number
  readonly request: CallRequest
  /** Undoes an admission that came when nobody waited for it any more. */
  readonly giveBack: () => Promise<void>
}

/** Those of this process who wait for calls of one organisation; one statement asks for all of them. */
export interface AdmissionQueue {
  /** Resolves when the call may go out. Throws as the budget does. */
  admit(waiter: Waiter): Promise<void>
  /** A call of this process has ended: whoever waits for its place need not wait for the next question. */
  slotFreed(): void
}

/** Who asks for whom, under which terms. */
export interface AdmissionOptions {
  readonly db: Queryable
  readonly daemonId: string
  readonly organizationId: string
  readonly terms: CallTerms
  readonly patienceMs?: number | undefined
  readonly clock: Clock
  readonly random?: (() => number) | undefined
}

interface Waiting extends Waiter {
  readonly untilMs: number
  /** Nobody is sent away for whom was not asked. */
  wasAsked: boolean
  settled: boolean
  readonly resolve: () => void
  readonly reject: (error: Error) => void
}

/** A process that waits asks no more often than this, unless one of its own calls has ended. */
const restMs = 250
/** And no less often, so that its wish stays known; see `waitSeconds` of the terms. */
const longestRestMs = 1500
const usualPatienceMs = 20_000

/** Makes the queue of one organisation. It asks while somebody waits, and rests for as long as the database says. */
export function admissionQueue(options: AdmissionOptions): AdmissionQueue {
  const { clock, patienceMs = usualPatienceMs, random = Math.random } = options
  let waiting: Waiting[] = []
  let isRunning = false
  let last: { readonly atMs: number; readonly answer: CallAdmission } | null = null
  let restUntilMs = 0
  let alarm = new AbortController()

  function admit(waiter: Waiter): Promise<void> {
    const { signal } = waiter.request
    if (signal.aborted) return Promise.reject(waitEnded(waiter.request))
    return new Promise((resolve, reject) => {
      const entry: Waiting = {
        ...waiter,
        untilMs: clock.monotonicMs() + patienceMs,
        wasAsked: false,
        settled: false,
        resolve: () => {
          leave(entry)
          resolve()
        },
        reject: (error) => {
          leave(entry)
          reject(error)
        },
      }
      const stop = (): void => {
        entry.reject(waitEnded(waiter.request))
      }
      function leave(one: Waiting): void {
        one.settled = true
        signal.removeEventListener('abort', stop)
        waiting = waiting.filter((other) => other !== one)
      }
      signal.addEventListener('abort', stop)
      waiting.push(entry)
      ringAt((last?.atMs ?? -restMs) + restMs)
      void run()
    })
  }

  async function run(): Promise<void> {
    if (isRunning) return
    isRunning = true
    try {
      while (waiting.length > 0) {
        await rest()
        sendAwayTheImpatient()
        if (waiting.length > 0) await ask()
      }
    } finally {
      isRunning = false
    }
  }

  async function rest(): Promise<void> {
    for (let leftMs = timeLeft(); leftMs > 0 && waiting.length > 0; leftMs = timeLeft()) {
      alarm = new AbortController()
      await clock.sleep(leftMs, alarm.signal)
    }
  }

  function timeLeft(): number {
    const untilMs = Math.min(restUntilMs, ...waiting.map((one) => one.untilMs))
    return untilMs - clock.monotonicMs()
  }

  function ringAt(atMs: number): void {
    restUntilMs = Math.min(restUntilMs, atMs)
    alarm.abort()
  }

  function sendAwayTheImpatient(): void {
    const nowMs = clock.monotonicMs()
    for (const one of waiting.filter(({ untilMs, wasAsked }) => wasAsked && untilMs <= nowMs)) {
      one.reject(budgetWait(one.request, last?.answer ?? null))
    }
  }

  async function ask(): Promise<void> {
    const asked = [...waiting].sort((a, b) => a.rank - b.rank)
    const wishes = asked.map(({ id, rank, kept, request: { lane, purpose } }) => ({
      id,
      rank,
      kept,
      lane,
      purpose,
    }))
    for (const one of asked) one.wasAsked = true
    let answer: CallAdmission
    try {
      answer = await admitCalls(options.db, options, wishes)
    } catch (error) {
      restUntilMs = clock.monotonicMs() + restMs * (1 + random())
      // Another process was faster: nothing has been counted, and one goes on waiting.
      if (isDatabaseConflict(error)) return
      // Never a call that is not counted.
      for (const one of asked) one.reject(classifyDatabaseError(error))
      return
    }
    const atMs = clock.monotonicMs()
    for (const one of asked.slice(0, answer.admitted)) {
      if (one.settled) void one.giveBack()
      else one.resolve()
    }
    last = answer.blocked_by === null ? null : { atMs, answer }
    restUntilMs = atMs + restAfter(answer, random)
    sendAwayWithoutDay(asked.slice(answer.admitted), answer)
  }

  function sendAwayWithoutDay(left: readonly Waiting[], answer: CallAdmission): void {
    const from = answer.day_blocked_from
    if (from === null) return
    for (const one of left) {
      // Midnight may be nearer than the end of its patience.
      if (one.rank < from || clock.monotonicMs() + (answer.day_wait_ms ?? 0) < one.untilMs) continue
      one.reject(from === 0 ? quotaExhausted(one.request, answer) : laneExhausted(one.request, answer))
    }
  }

  return {
    admit,
    slotFreed: () => {
      if (last?.answer.blocked_by === 'in_flight') ringAt(clock.monotonicMs())
    },
  }
}

/** As long as the database says, or a little where nobody can know; spread, so that processes do not ask all at once. */
function restAfter({ blocked_by, wait_ms }: CallAdmission, random: () => number): number {
  if (blocked_by === null) return 0
  const spreadMs = 50 * random()
  return Math.min(longestRestMs, Math.max(restMs, wait_ms ?? restMs)) + spreadMs
}

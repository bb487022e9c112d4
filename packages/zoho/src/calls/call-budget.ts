import { randomUUID } from 'node:crypto'
import { callLanes } from '@tds/core'
import {
  classifyDatabaseError,
  finishCall,
  isDatabaseConflict,
  releaseCall,
  type CallEnd,
  type CallTerms,
  type Queryable,
} from '@tds/db'
import { childLogger, counter, histogram, systemClock, type Clock } from '@tds/runtime'
import { admissionQueue, type AdmissionQueue } from './admission-queue.ts'
import type { CallGate, CallOutcome, CallPass, CallRequest } from './gate.ts'

/** What a budget keeps to, and where its state is. */
export interface CallBudgetOptions {
  readonly db: Queryable
  /** This start of the daemon: whose calls they are, and whose waiting others yield to. */
  readonly daemonId: string
  readonly limits: CallLimits
  /** Says when the day ends, until Zoho has said it. */
  readonly timeZone: string
  /** Share of the day's calls that the least urgent lane leaves for the others; asked every time. */
  readonly reserve: () => number
  /** How long a call may be under way; longer, and its daemon counts as dead. Default 45 s: a token, then the call. */
  readonly slotSeconds?: number | undefined
  /** How long one waits at most; default 20 s. */
  readonly patienceMs?: number | undefined
  readonly clock?: Clock | undefined
  readonly random?: (() => number) | undefined
}

/** The limits that this installation sets itself. */
export interface CallLimits {
  readonly perMinute: number
  /** Undefined where only Zoho's own word counts. */
  readonly perDay: number | undefined
  readonly maxInFlight: number
}

const log = childLogger('zoho:budget')
const calls = counter({
  name: 'tds_zoho_calls_total',
  help: 'Calls to Zoho by lane and by what became of them: ok, the fault of the answer, failed on the way, or released unused.',
  labelNames: ['lane', 'outcome'],
})
const waitSeconds = histogram({
  name: 'tds_zoho_call_wait_seconds',
  help: 'Time from the wish for a call to its admission, by lane.',
  labelNames: ['lane'],
})

/**
 * The budget of calls that every process of every host shares: so many a minute, a day and at once, the most urgent lanes
 * first, and what Zoho says about it obeyed by all. The state is in Postgres; without Postgres no call goes out.
 * `enter` throws TdsError `zoho_budget_wait` after its patience, `zoho_quota_exhausted` when the day has no more calls for
 * this lane, or that of the database.
 */
export function callBudget(options: CallBudgetOptions): CallGate {
  const { db, limits, clock = systemClock } = options
  const terms: CallTerms = {
    perMinute: limits.perMinute,
    perDay: limits.perDay ?? null,
    maxInFlight: limits.maxInFlight,
    timeZone: options.timeZone,
    slotSeconds: options.slotSeconds ?? 45,
    paceSlackSeconds,
    waitSeconds: demandSeconds,
  }
  const queues = new Map<string, AdmissionQueue>()

  function queueOf(organizationId: string): AdmissionQueue {
    let queue = queues.get(organizationId)
    if (queue === undefined) {
      queue = admissionQueue({ ...options, clock, organizationId, terms })
      queues.set(organizationId, queue)
    }
    return queue
  }

  return {
    enter: async (request) => {
      const queue = queueOf(request.organizationId)
      const askedAt = clock.monotonicMs()
      const rank = callLanes.indexOf(request.lane)
      const id = randomUUID()
      const kept = keptShare(rank, options.reserve())
      const giveBack = () => settle(() => releaseCall(db, { organizationId: request.organizationId, id }))
      await queue.admit({ id, rank, kept, request, giveBack })
      waitSeconds.observe({ lane: request.lane }, (clock.monotonicMs() - askedAt) / 1000)
      return passOf({ db, queue, request, id, giveBack })
    },
  }
}

/** Calls may come closer together than evenly by so much, so that a poll that is late loses none. */
const paceSlackSeconds = 2
/** Longer than the longest rest between two questions of one who waits. */
const demandSeconds = 3

/**
 * The most urgent lane may use the whole day; each further one leaves a step more, up to the whole reserve, of which the
 * database keeps what is for the rest of the day.
 */
function keptShare(rank: number, reserve: number): number {
  // Exact to four digits: what is left of 0.2 after three of four steps is not a hair more than 0.15.
  return Math.round((reserve * rank * 10_000) / (callLanes.length - 1)) / 10_000
}

interface Admitted {
  readonly db: Queryable
  readonly queue: AdmissionQueue
  readonly request: CallRequest
  readonly id: string
  readonly giveBack: () => Promise<void>
}

function passOf({ db, queue, request, id, giveBack }: Admitted): CallPass {
  const { organizationId, lane } = request
  return {
    finish: async (outcome) => {
      calls.inc({ lane, outcome: wordFor(outcome) })
      await settle(() => finishCall(db, { organizationId, id }, endOf(outcome)))
      queue.slotFreed()
    },
    release: async () => {
      calls.inc({ lane, outcome: 'released' })
      await giveBack()
      queue.slotFreed()
    },
  }
}

function wordFor(outcome: CallOutcome): string {
  return outcome.kind === 'failed' ? 'failed' : (outcome.fault ?? 'ok')
}

function endOf(outcome: CallOutcome): CallEnd {
  if (outcome.kind === 'failed') {
    return { ...silence, code: outcome.error.code, fault: 'failed' }
  }
  const { status, code, fault, retryAfterMs, quota } = outcome
  return { ...silence, status, code, fault, retryAfterMs, ...quota }
}

const silence: CallEnd = {
  status: null,
  code: null,
  fault: null,
  retryAfterMs: null,
  limit: null,
  remaining: null,
  resetSeconds: null,
}

/** Never throws: the answer of a call must not be lost because its end could not be noted. Its place is freed by time. */
async function settle(write: () => Promise<void>): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await write()
      return
    } catch (error) {
      if (isDatabaseConflict(error) && attempt < 3) continue
      log.warn('the end of a call to Zoho was not noted; its place is free again when its time is over', {
        error: classifyDatabaseError(error),
      })
      return
    }
  }
}

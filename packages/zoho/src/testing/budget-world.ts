import { randomUUID } from 'node:crypto'
import type { CallLane } from '@tds/core'
import { openDatabase, type Database, type Queryable } from '@tds/db'
import { createTestDatabase, takeOverClock, type TestClock } from '@tds/db/testing'
import { callBudget, type CallBudgetOptions } from '../calls/call-budget.ts'
import type { CallGate, CallOutcome, CallPass, DayQuota } from '../calls/gate.ts'

/** One database with a clock of its own, and processes that share the budget in it. */
export interface BudgetWorld {
  readonly db: Database
  readonly clock: TestClock
  /** A process with a pool and a budget of its own; it waits for 100 ms unless told otherwise. */
  process(options?: ProcessOptions): BudgetProcess
  waits(): Promise<string[]>
  drop(): Promise<void>
}

/** How a process differs from the usual one. */
export interface ProcessOptions extends Partial<Omit<CallBudgetOptions, 'db' | 'limits'>> {
  readonly perMinute?: number
  readonly perDay?: number
  readonly maxInFlight?: number
  readonly db?: Queryable
}

/** One process, as far as the budget knows it. */
export interface BudgetProcess {
  readonly gate: CallGate
  enter(lane?: CallLane, o?: EnterOptions): Promise<CallPass>
}

/** Whose call it is, and what ends the waiting. */
export interface EnterOptions {
  readonly organizationId?: string
  readonly signal?: AbortSignal
}

/** The organisation of every test but those about two. */
export const organizationId = '790000001'

/** Makes a world of its own, its clock standing still at the given time. */
export async function createBudgetWorld(time = '2026-06-15T10:00:00Z'): Promise<BudgetWorld> {
  const database = await createTestDatabase()
  const clock = await takeOverClock(database.db)
  await clock.set(time)
  const opened: Database[] = []

  function connect(): Database {
    const db = openDatabase({
      url: database.url,
      applicationName: 'tds-test-process',
      poolSize: 3,
      // As the worker's.
      keyedLookups: true,
      lockTimeoutMs: 10_000,
      // As much for a machine that others use.
      connectionTimeoutMs: 10_000,
    })
    opened.push(db)
    return db
  }

  return {
    db: database.db,
    clock,
    process: ({ perMinute = 600, perDay, maxInFlight = 100, ...rest } = {}) => {
      const gate = callBudget({
        db: rest.db ?? connect(),
        daemonId: randomUUID(),
        limits: { perMinute, perDay, maxInFlight },
        timeZone: 'UTC',
        reserve: () => 0.2,
        patienceMs: 100,
        ...rest,
      })
      return {
        gate,
        enter: (lane = 'reread', o = {}) =>
          gate.enter({
            organizationId: o.organizationId ?? organizationId,
            lane,
            purpose: 'product',
            signal: o.signal ?? new AbortController().signal,
          }),
      }
    },
    waits: async () => {
      const { rows } = await database.db.query<{ lane: string }>(
        'SELECT lane FROM tds_call_waits WHERE expires_at > tds_now() ORDER BY rank',
      )
      return rows.map((row) => row.lane)
    },
    drop: async () => {
      for (const db of opened) await db.close()
      await database.drop()
    },
  }
}

/** A good answer, with what its headers say about the day. */
export function answered(quota: DayQuota | null = null): CallOutcome {
  return { kind: 'answered', status: 200, code: '0', fault: null, quota, retryAfterMs: null }
}

/** An answer by which Zoho refuses a call. */
export function refused(
  code: string,
  o: { readonly retryAfterMs?: number; readonly quota?: DayQuota } = {},
): CallOutcome {
  const fault = code === '45' ? 'quota' : 'rate'
  return {
    kind: 'answered',
    status: 429,
    code,
    fault,
    quota: o.quota ?? null,
    retryAfterMs: o.retryAfterMs ?? null,
  }
}

import { randomUUID } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import type { CallLane } from '@tds/core'
import { openDatabase, type Database } from '@tds/db'
import { createTestDatabase } from '@tds/db/testing'
import { TdsError } from '@tds/runtime'
import { manualClock, type ManualClock } from '@tds/runtime/testing'
import type { CallOutcome, CallPass } from '../calls/gate.ts'
import { zohoCircuit, type ZohoCircuit } from '../calls/zoho-circuit.ts'
import { readAnswer } from '../client/answer.ts'
import { faultOf, waitAfter } from '../client/fault.ts'

/** A daemon with a pool and a circuit of its own. */
export interface CircuitWorker {
  readonly id: string
  readonly circuit: ZohoCircuit
  readonly db: Database
  enter(lane?: CallLane): Promise<CallPass>
  /** One call from entering to its end: what Zoho answered, or the error of the gate. */
  call(lane?: CallLane): Promise<CallOutcome | TdsError>
}

/** One database, several workers, one clock for all of them and for the database, and a Zoho that is told what to do. */
export interface CircuitWorld {
  readonly db: Database
  readonly clock: ManualClock
  readonly workers: readonly CircuitWorker[]
  /** What Zoho answers from now on. */
  answer: () => CallOutcome
  /** When each call reached Zoho, in milliseconds since the world began. */
  readonly calls: number[]
  nowMs(): number
  /** Lets time pass in steps; at each, `step` may begin things, and what they do is done before time goes on. */
  pass(ms: number, step?: () => void): Promise<void>
  /** Begins something that `pass` waits for, as far as it gets without time passing. */
  begin(work: () => Promise<unknown>): void
  row(): Promise<Record<string, unknown>>
  drop(): Promise<void>
}

/** The organisation of these tests. */
export const circuitOrganization = '790412365'

const stepMs = 250

/** Makes a world of its own. */
export async function createCircuitWorld(o: { readonly workers?: number } = {}): Promise<CircuitWorld> {
  const database = await createTestDatabase({ poolSize: 2 })
  const { db } = database
  await stopTime(db)
  const clock = manualClock()
  let outstanding = 0
  const world: CircuitWorld = {
    db,
    clock,
    workers: Array.from({ length: o.workers ?? 1 }, () => makeWorker(database.url, () => world)),
    answer: good,
    calls: [],
    nowMs: () => clock.monotonicMs(),
    pass: async (ms, step) => {
      for (let leftMs = ms, byMs: number; leftMs > 0; leftMs -= byMs) {
        await settled()
        // Where nobody acts on the way, one step is enough.
        const isQuiet = step === undefined && clock.sleepers().length === 0
        byMs = isQuiet ? leftMs : Math.min(stepMs, leftMs)
        await db.query(`UPDATE test_time SET now = now + make_interval(secs => $1::float8 / 1000)`, [byMs])
        await clock.advance(byMs)
        await settled()
        step?.()
        await settled()
      }
    },
    begin: (work) => {
      outstanding += 1
      void work().finally(() => (outstanding -= 1))
    },
    row: async () => {
      const { rows } = await db.query('SELECT * FROM tds_circuits')
      return rows[0] ?? {}
    },
    drop: async () => {
      for (const worker of world.workers) await worker.db.close()
      await database.drop()
    },
  }
  return world

  /** Everything that was begun has ended, or sleeps. */
  async function settled(): Promise<void> {
    while (outstanding > clock.sleepers().length) await setImmediate()
  }
}

/** The database's clock stands still, and moves for every session at once. */
async function stopTime(db: Database): Promise<void> {
  await db.query(`CREATE TABLE test_time AS SELECT timestamptz '2026-11-26 12:00:00Z' AS now`)
  await db.query(
    `CREATE OR REPLACE FUNCTION tds_now() RETURNS timestamptz LANGUAGE plpgsql STABLE AS
     $$ BEGIN RETURN (SELECT now FROM test_time); END $$`,
  )
}

function makeWorker(url: string, world: () => CircuitWorld): CircuitWorker {
  const id = randomUUID()
  const db = openDatabase({ url, applicationName: 'tds-test-worker', poolSize: 3 })
  let circuit: ZohoCircuit | null = null
  const worker: CircuitWorker = {
    id,
    db,
    get circuit() {
      circuit ??= zohoCircuit({
        db,
        daemonId: id,
        organizationId: circuitOrganization,
        clock: world().clock,
        random: () => 0.5,
      })
      return circuit
    },
    enter: (lane = 'reread') =>
      worker.circuit.enter({
        organizationId: circuitOrganization,
        lane,
        purpose: 'product',
        signal: new AbortController().signal,
      }),
    call: async (lane) => {
      try {
        const pass = await worker.enter(lane)
        world().calls.push(world().nowMs())
        const outcome = world().answer()
        await pass.finish(outcome)
        return outcome
      } catch (error) {
        if (error instanceof TdsError) return error
        throw error
      }
    },
  }
  return worker
}

/** A record, as it should be. */
export function good(): CallOutcome {
  return answered(200, '{"code":0,"item":{}}')
}

/** What an answer of Zoho's becomes for the gate, judged as the client judges it. */
export function answered(
  status: number,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): CallOutcome {
  const answer = readAnswer({ status, headers, body: Buffer.from(body) })
  const fault = faultOf(answer)
  const retryAfterMs = fault === null ? null : (waitAfter(fault, answer) ?? null)
  return { kind: 'answered', status, code: answer.code, fault, quota: null, retryAfterMs }
}

/** A call that brought no answer. */
export function failed(reason: string, code = 'transport'): CallOutcome {
  const error = new TdsError(`failed: ${reason}`, {
    code,
    disposition: 'retry',
    nextStep: 'none',
    facts: { reason },
  })
  return { kind: 'failed', error }
}

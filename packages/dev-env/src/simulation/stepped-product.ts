import { randomUUID } from 'node:crypto'
import {
  createIntake,
  createSettings,
  processEvents,
  releaseFuse,
  sweepLedger,
  type IntakeAnswer,
  type RunSchedules,
} from '@tds/core'
import { listFuses, type Database } from '@tds/db'
import type { Access, Delivery } from '@tds/zoho-simulator'
import { dueEvents } from './due-work.ts'
import { steppedReads } from './stepped-reads.ts'
import { steppedRuns } from './stepped-runs.ts'
import type { SteppedTime } from './stepped-time.ts'
import { takeDelivery } from './take-delivery.ts'
import { zohoWorker } from './zoho-worker.ts'

/**
 * Api and worker in one process, in which one thing is done after the other and nothing is waited for: the functions of the
 * product's loops in the order of their lanes, on a time that is stepped. Calls go out one at a time.
 */
export interface SteppedProduct {
  start(): Promise<void>
  stop(): Promise<void>
  take(delivery: Delivery): Promise<IntakeAnswer>
  /** Does the most urgent of what is due, a few calls of it at most; false where nothing is due. */
  step(): Promise<boolean>
  /** When an event or a read that waits becomes due; null where none does by itself. */
  nextWorkMs(): Promise<number | null>
  /** When it is looked again whether a schedule brings anything. */
  nextLookMs(): number
  /** Releases what the deletion fuses hold, as a person would who has looked; tells how much that was. */
  releaseFuses(): Promise<number>
}

/** What it is made of. */
export interface SteppedProductOptions {
  readonly databaseUrl: string
  readonly access: Access
  readonly zohoUrl: string
  readonly time: SteppedTime
  readonly timeZone: string
  readonly perMinute: number
  readonly perDay: number
  /** Reads Zoho's list of failed webhooks as often as the setting says; otherwise never. */
  readonly sweepsLedger: boolean
  /** What the schedules of the settings are changed to. */
  readonly schedules?: () => Partial<RunSchedules>
}

/** Wires it. */
export function steppedProduct(o: SteppedProductOptions): SteppedProduct {
  const { time, timeZone, perDay } = o
  const { organizationId } = o.access
  const { db, source, ledger } = zohoWorker({
    ...o,
    clock: time,
    maxInFlight: 5,
    timeoutMs: 20_000,
    day: { perDay, timeZone, reserve: () => settings.number('call_reserve_share') },
  })
  const settings = createSettings(db)
  const daemonId = randomUUID()
  // What is due is looked for, so that no job has to carry it.
  const queue = { send: () => Promise.resolve() }
  const { signal } = new AbortController()
  const lease = { guard: () => Promise.resolve() }
  const parts = { db, queue, source, time, daemonId, mover: { daemonId, lane: 0 }, signal, lease }
  const intake = createIntake({ db, queue, daemonId })
  const reads = steppedReads(parts)
  const runs = steppedRuns({
    ...parts,
    organizationId,
    callsPerDay: () => settings.number('full_depth_calls_per_day'),
    schedules: () => ({
      reads: settings.flag('sync.scheduled'),
      compares: settings.flag('enabled'),
      incrementalCron: settings.text('sync.incremental_cron'),
      wholeListCron: settings.text('sync.whole_list_cron'),
      reconciliationCron: settings.text('schedule_cron'),
      timeZone,
      ...o.schedules?.(),
    }),
  })
  let sweepMs = o.sweepsLedger ? 0 : Infinity

  const retry = () => ({
    maxAttempts: settings.number('max_retry_attempts'),
    baseMs: settings.number('retry_backoff_base_ms'),
    maxMs: settings.number('retry_backoff_max_ms'),
  })

  async function applyEvents(): Promise<boolean> {
    const ids = await dueEvents(db)
    if (ids.length === 0) return false
    const { isolated } = await processEvents({ ...parts, retry }, ids)
    for (const id of isolated) await processEvents({ ...parts, retry }, [id], { alone: true })
    return true
  }

  async function sweep(): Promise<boolean> {
    if (sweepMs > time.nowMs()) return false
    const everyMinutes = settings.number('ledger_sweep_minutes')
    const { outcome } = await sweepLedger({ ...parts, ledger }, { organizationId, everyMinutes })
    sweepMs = time.nowMs() + Math.max(1, everyMinutes) * 60_000
    return outcome !== 'off' && outcome !== 'not-due'
  }

  return {
    start: async () => {
      await settings.start()
      await intake.start()
    },
    stop: async () => {
      await intake.stop()
      await settings.stop()
      await db.close()
    },
    take: (delivery) => takeDelivery(intake, delivery, { organizationId, now: time.now() }),
    step: async () =>
      (await applyEvents()) ||
      (await reads.urgently()) ||
      (await sweep()) ||
      (await runs.step()) ||
      (await reads.patiently()),
    nextWorkMs: () => reads.nextMs(),
    nextLookMs: () => Math.min(sweepMs, runs.nextLookMs()),
    releaseFuses: () => releaseHeld({ db, queue }),
  }
}

async function releaseHeld(parts: { readonly db: Database; readonly queue: { send: () => Promise<void> } }) {
  let count = 0
  for (const { organization_id: organizationId, entity_type: entityType, held, state } of await listFuses(
    parts.db,
  )) {
    if (state !== 'blown') continue
    const release = { organizationId, entityType, expectedCount: held }
    count += (await releaseFuse(parts, release, person)).released
  }
  return count
}

const person = { actor: 'operator', reason: 'Zoho does not have them', dryRun: false, via: 'simulation' }

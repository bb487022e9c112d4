import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'

import { messageOf } from '@tds/runtime'
import type { Delivery } from '@tds/zoho-simulator'

import { type Chance, seededChance } from '../../deliveries/seeded-chance.ts'
import { brokenPromises } from '../check-history.ts'
import { drive, type History } from '../history.ts'
import { markedChanges } from '../marked-changes.ts'
import { type ChaosWorld, startChaosWorld } from './chaos-world.ts'
import type { Fault } from './faults.ts'
import { type Recovery, untilRecovered } from './recovery.ts'
import { type ChaosVerdict, type Strike, verdictOf } from './verdict.ts'

/** What a run of chaos is to be. */
export interface ChaosOptions {
  /** The same deliveries and the same order of faults for the same seed; what meets what is up to the machine. */
  readonly seed: number
  /** After the first round, in which each fault strikes once, none begins after so many seconds. */
  readonly seconds: number
  readonly ratePerSecond: number
  readonly faults: readonly Fault[]
  readonly tell?: (line: string) => void
  /** Ends it early; what was seen until then is judged all the same. */
  readonly signal?: AbortSignal
  /** Takes a protection away, for the test that shows that the judgement can fail. */
  readonly sabotage?: (world: ChaosWorld) => Promise<void>
}

const PATIENCE_MS = 120_000
const REST_LIMIT_MS = 180_000
const LEAK_PATIENCE_MS = 75_000
/** What marked-changes.ts writes into a text of each record that it changes. */
const MARK = /\bchange \d+\b/

/**
 * Streams webhooks of all types into a real installation, breaks one thing after the other, and then holds what a driver saw
 * from outside against the rows.
 */
export async function runChaos(o: ChaosOptions): Promise<ChaosVerdict> {
  const world = await startChaosWorld()
  try {
    await o.sabotage?.(world)
    const over = new AbortController()
    const driving = drive(world.simulator, deliveriesOf(world, o.seed, over.signal), {
      targets: world.installation.apiUrls,
      atOnce: 8,
      ratePerSecond: o.ratePerSecond,
      patienceMs: PATIENCE_MS,
    })
    // Until it is awaited below its failure is nobody's: then the end would come before the verdict.
    driving.catch(() => undefined)
    const strikes = await strikeAll(world, o).finally(() => {
      over.abort()
    })
    const history = await driving
    return verdictOf({ seed: o.seed, strikes, history, broken: await judge(world, history) })
  } finally {
    await world.stop()
  }
}

function deliveriesOf(
  { simulator }: ChaosWorld,
  seed: number,
  until: AbortSignal,
): Generator<Delivery, void> {
  return markedChanges(simulator, seededChance(seed), { count: 1_000_000, records: 'all', until })
}

/** Each fault once, in an order of chance, and again from the start while there is time. */
async function strikeAll(world: ChaosWorld, o: ChaosOptions): Promise<Strike[]> {
  const chance = seededChance(o.seed + 1)
  const ends = performance.now() + o.seconds * 1000
  const strikes: Strike[] = []
  for (let round = 0; ; round += 1) {
    for (const fault of shuffled(o.faults, chance)) {
      await sleep(1_000 + 2_000 * chance())
      if ((round > 0 && performance.now() > ends) || o.signal?.aborted) return strikes
      strikes.push(await strikeOnce(world, fault, { chance, tell: o.tell }))
    }
  }
}

async function strikeOnce(
  world: ChaosWorld,
  fault: Fault,
  { chance, tell }: { readonly chance: Chance; readonly tell: ChaosOptions['tell'] },
): Promise<Strike> {
  await fault.strike(world, chance)
  const recovery = await untilRecovered(world)
  tell?.(`${fault.scenario} ${fault.about}: ${toldOf(recovery)}`)
  return { fault: fault.name, scenario: fault.scenario, recoveryMs: recovery.ms, unwell: recovery.unwell }
}

function toldOf({ ms, unwell }: Recovery): string {
  return ms === null ? `not recovered: ${unwell.join('; ')}` : `recovered in ${(ms / 1000).toFixed(1)} s`
}

function shuffled<T>(all: readonly T[], chance: Chance): T[] {
  const rest = [...all]
  const order: T[] = []
  while (rest.length > 0) order.push(...rest.splice(Math.floor(chance() * rest.length), 1))
  return order
}

/** Holds the history against the rows once everything has come to rest; what was broken, in words. */
async function judge(world: ChaosWorld, history: History): Promise<string[]> {
  await world.kept.release()
  await untilStored(world, history)
  const unrest = await world.converge(REST_LIMIT_MS).then(
    () => [],
    (error: unknown) => [`unrest: ${messageOf(error)}`],
  )
  const touched = new Set(history.attempts.map(({ delivery }) => delivery.id))
  return [
    ...unrest,
    ...world.kept.unexpected.map((end) => `ended: ${end}`),
    ...(await brokenPromises(world.database.db, history)),
    ...(await world.differences(touched)).map((one) => `differs: ${one}`),
    ...(await shownInLogs(world)),
    ...(await leakedConnections(world)),
  ]
}

/** What was spooled reaches the inbox after the last fault. */
async function untilStored({ database }: ChaosWorld, { attempts }: History): Promise<void> {
  const ids = attempts.flatMap(({ eventId }) => eventId ?? [])
  const from = performance.now()
  while (performance.now() - from < 60_000) {
    const { rows } = await database.db.query<{ missing: number }>(
      `SELECT count(*)::int AS missing FROM unnest($1::uuid[]) AS told(id)
        WHERE NOT EXISTS (SELECT FROM tds_inbox_events e WHERE e.id = told.id)`,
      [ids],
    )
    if (rows[0]?.missing === 0) return
    await sleep(250)
  }
}

/** Neither secrets nor what records say belongs into a log: every record that changed carries a mark in one of its texts. */
async function shownInLogs({ simulator, installation, postgres }: ChaosWorld): Promise<string[]> {
  const secrets = [
    ...Object.entries(simulator.access)
      .filter(([name]) => /secret|refresh/i.test(name))
      .map(([, value]) => String(value)),
    new URL(postgres.url).password,
  ]
  const shown: string[] = []
  for (const { name, log } of installation.daemons) {
    const text = await readFile(log, 'utf8')
    if (secrets.some((secret) => text.includes(secret))) shown.push(`secret: in the log of ${name}`)
    if (MARK.test(text)) shown.push(`content: of a record in the log of ${name}`)
    if (/unhandledRejection|uncaughtException/i.test(text)) shown.push(`unhandled: in the log of ${name}`)
  }
  return shown
}

/**
 * The pools have given back what they do not need, and have nothing beyond what they may; what a network has swallowed is
 * gone after its minute.
 */
async function leakedConnections(world: ChaosWorld): Promise<string[]> {
  const from = performance.now()
  for (;;) {
    const leaked = await connectionsBeyondPlan(world)
    if (leaked.length === 0 || performance.now() - from > LEAK_PATIENCE_MS) return leaked
    await sleep(1_000)
  }
}

async function connectionsBeyondPlan({ database }: ChaosWorld): Promise<string[]> {
  const { rows } = await database.db.query<{ open: number; planned: number }>(
    `SELECT (SELECT count(*)::int FROM pg_stat_activity
              WHERE application_name LIKE 'tds-%' AND datname = current_database()) AS open,
            (SELECT coalesce(sum((facts ->> 'connections')::int), 0)::int FROM tds_daemons
              WHERE stopped_at IS NULL AND beat_at > tds_now() - interval '15 seconds') AS planned`,
  )
  const { open = 0, planned = 0 } = rows[0] ?? {}
  return open > planned ? [`connections: ${String(open)} are open, ${String(planned)} are planned`] : []
}

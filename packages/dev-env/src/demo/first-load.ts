import { setTimeout as sleep } from 'node:timers/promises'

import { entities } from '@tds/core'
import { TdsError } from '@tds/runtime'

import { leastCalls } from '../comparison/least-calls.ts'
import type { DemoWorld } from './demo-world.ts'
import { counted } from './screen.ts'
import { whileWatching } from './watch.ts'

/** What a customer's worker may ask of Zoho in a minute. */
const callsPerMinute = 90

/** Watches how the worker fills the empty mirror by itself. Throws TdsError `demo_waiting` when that takes longer than `withinMs`. */
export async function watchFirstLoad(world: DemoWorld, withinMs: number): Promise<void> {
  const { screen, simulator } = world
  const living = Object.values(simulator.state().records).reduce((sum, count) => sum + count.living, 0)
  screen.heading(
    `The mirror is empty. The worker notices, and reads all that Zoho holds: ${counted(living, 'record')}.`,
  )
  screen.line(
    'The simulated Zoho allows any number of calls here; everything else is as it is at a customer.',
  )
  const startedMs = performance.now()
  await whileWatching(
    world,
    async () => lineOf(await readLoad(world), simulator.callCounts().calls),
    () => untilLoaded(world, withinMs),
  )
  if (world.signal.aborted) return
  const { calls } = simulator.callCounts()
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1)
  screen.line(
    `All of it is in the database after ${seconds} s, with ${counted(calls, 'call')}; fewer than ${counted(leastCalls(simulator))} cannot do.`,
  )
  const minutes = Math.ceil(calls / callsPerMinute)
  screen.line(
    `With Zoho's real limits these calls take ${counted(minutes, 'minute')}, or days where the plan allows few a day.`,
  )
}

interface Load {
  readonly types: number
  readonly rows: number
  readonly owed: number
}

async function untilLoaded(world: DemoWorld, withinMs: number): Promise<void> {
  const { signal } = world
  const limit = performance.now() + withinMs
  for (;;) {
    const load = await readLoad(world)
    if (signal.aborted || (load.types === entities.length && load.owed === 0)) return
    if (performance.now() > limit) throw tooLong(load, withinMs)
    await sleep(100, undefined, { signal }).catch(() => undefined)
  }
}

async function readLoad({ db, simulator }: DemoWorld): Promise<Load> {
  const { rows } = await db.query<Load>(
    `SELECT (SELECT count(*)::int FROM tds_sync_cursors
              WHERE organization_id = $1 AND source_type = 'scheduled' AND last_entity_version IS NOT NULL) AS types,
            (SELECT coalesce(sum(read), 0)::int FROM tds_sync_runs WHERE organization_id = $1 AND mode = 'backfill') AS rows,
            (SELECT count(*)::int FROM tds_owed_reads WHERE organization_id = $1) AS owed`,
    [simulator.access.organizationId],
  )
  const [load] = rows
  if (load === undefined) throw new RangeError('a query without a FROM gave no row')
  return load
}

function lineOf({ types, rows, owed }: Load, calls: number): string {
  const told = [
    `rows of lists ${counted(rows)}`,
    `details to read ${counted(owed)}`,
    `kinds complete ${String(types)} of ${String(entities.length)}`,
    `calls ${counted(calls)}`,
  ]
  return `  ${told.join(' · ')}`
}

function tooLong({ types, owed }: Load, withinMs: number): TdsError {
  return new TdsError(
    `after ${String(Math.round(withinMs / 1000))} s ${String(types)} of ${String(entities.length)} kinds are loaded and ` +
      `${counted(owed, 'detail')} still to be read`,
    {
      code: 'demo_waiting',
      disposition: 'retry',
      nextStep: 'Look into the logs of the worker; or try again on a machine that has less to do.',
    },
  )
}

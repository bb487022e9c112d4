import { setTimeout as sleep } from 'node:timers/promises'

import { askForRun, entities } from '@tds/core'
import { TdsError } from '@tds/runtime'

import type { DemoWorld } from './demo-world.ts'
import { counted } from './screen.ts'
import { settled } from './settled.ts'
import { whileWatching } from './watch.ts'

/** Compares every type with Zoho, as the worker does every night, and shows what was different, why, and that it is repaired. Throws TdsError `demo_waiting` when that takes longer than `withinMs`. */
export async function sceneComparison(world: DemoWorld, withinMs: number): Promise<void> {
  const { screen, simulator, db } = world
  const { organizationId } = simulator.access
  screen.heading('9  What no webhook told of: the nightly comparison with Zoho, now.')
  const before = simulator.callCounts().calls
  for (const entity of entities) {
    const wanted = {
      organizationId,
      entity,
      kind: 'reconciliation',
      mode: 'index',
      request: { repair: true },
    } as const
    await askForRun(db, wanted, { actor: 'demo', reason: 'the demo', dryRun: false, via: 'demo' })
  }
  await whileWatching(
    world,
    async () => lineOf(await readComparison(world)),
    () => untilSettled(world, withinMs),
  )
  if (world.signal.aborted) return
  screen.table(
    await rowsOf(
      world,
      `SELECT certificate.entity_type AS kind, compared, equal, different, repaired
         FROM tds_certificates AS certificate WHERE organization_id = $1 ORDER BY entity_type`,
    ),
  )
  screen.detail('What was different, and why:')
  screen.table(
    await rowsOf(
      world,
      `SELECT class, left(probable_cause, 60) AS probable_cause, count(*) AS records
         FROM tds_reconciliation_differences WHERE organization_id = $1 AND state = 'repaired'
        GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2 LIMIT 8`,
    ),
  )
  screen.detail(`It took ${counted(simulator.callCounts().calls - before, 'call')}.`)
}

interface Comparison {
  readonly running: number
  readonly compared: number
  readonly open: number
}

async function untilSettled(world: DemoWorld, withinMs: number): Promise<void> {
  const { signal } = world
  const limit = performance.now() + withinMs
  for (;;) {
    const { running, open } = await readComparison(world)
    if (signal.aborted) return
    if (running === 0 && open === 0) break
    if (performance.now() > limit) throw tooLong(running, open)
    await sleep(100, undefined, { signal }).catch(() => undefined)
  }
  await settled(world, withinMs)
}

async function readComparison({ db, simulator }: DemoWorld): Promise<Comparison> {
  const { rows } = await db.query<Comparison>(
    `SELECT (SELECT count(*)::int FROM tds_sync_runs
              WHERE organization_id = $1 AND run_type = 'reconciliation' AND status = 'running') AS running,
            (SELECT coalesce(sum(read), 0)::int FROM tds_sync_runs
              WHERE organization_id = $1 AND run_type = 'reconciliation' AND mode = 'index') AS compared,
            (SELECT count(*)::int FROM tds_reconciliation_differences
              WHERE organization_id = $1 AND settled_at IS NULL) AS open`,
    [simulator.access.organizationId],
  )
  const [comparison] = rows
  if (comparison === undefined) throw new RangeError('a query without a FROM gave no row')
  return comparison
}

function lineOf({ running, compared, open }: Comparison): string {
  return `  kinds to compare ${String(running)} · rows compared ${counted(compared)} · differences open ${counted(open)}`
}

function tooLong(running: number, open: number): TdsError {
  return new TdsError(
    `${String(running)} kinds are still being compared, and ${counted(open, 'difference')} still open`,
    {
      code: 'demo_waiting',
      disposition: 'retry',
      nextStep: 'Look into the logs of the worker; or try again on a machine that has less to do.',
    },
  )
}

async function rowsOf({ db, simulator }: DemoWorld, statement: string): Promise<Record<string, unknown>[]> {
  const { rows } = await db.query(statement, [simulator.access.organizationId])
  return rows
}

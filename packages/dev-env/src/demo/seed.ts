import { entities } from '@tds/core'
import { childLogger, TdsError } from '@tds/runtime'
import type { DeliveryResult } from '@tds/zoho-simulator'

import { firstDeliveries, seededChance } from '../deliveries/first-deliveries.ts'
import { isConverged, type Progress, readProgress, untilConverged } from '../installation/progress.ts'
import type { DemoWorld } from './demo-world.ts'
import { counted } from './screen.ts'

const log = childLogger('demo:seed')

const LOOK_MS = 500
const AT_ONCE = 24

/** Lets Zoho tell of everything it holds, then of a number of changes, and shows how the mirror follows. Throws TdsError `demo_refused` when a delivery is not taken. */
export async function seed(
  world: DemoWorld,
  o: { readonly changes: number; readonly withinMs: number },
): Promise<void> {
  const { screen, simulator, installation, signal } = world
  const first = firstDeliveries(simulator, seededChance(20_260_721))
  const changes = simulator.plan({
    count: o.changes,
    types: entities.map(({ type }) => type),
    duplicates: 0.08,
    reordered: 0.15,
    forms: 0.2,
    // Deletions and restorations come one by one in the story.
    kinds: { update: 94, create: 6 },
    seed: 'demo',
  })
  const deliveries = [...first.inTime, ...changes.deliveries, ...first.late]
  const records = counted(first.inTime.length + first.late.length, 'webhook')
  const kinds = counted(entities.length, 'kind of record', 'kinds of record')
  screen.heading(`Zoho tells of everything it holds: ${records} for ${kinds},`)
  screen.line(
    `then ${counted(changes.deliveries.length)} changes. JSON and forms, whole and partial bodies, repeats, late ones.`,
  )
  const sent = sentCounts()
  const watching = new AbortController()
  const watched = watch(world, { sent, signal: watching.signal })
  const startedMs = performance.now()
  try {
    await simulator.send(deliveries, {
      target: installation.apiUrl,
      concurrency: AT_ONCE,
      signal,
      onResult: sent.note,
    })
    await settled(world, o.withinMs)
  } finally {
    watching.abort()
    await watched
    screen.endStatus()
  }
  if (signal.aborted) return
  refuseLosses(sent.counts)
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1)
  screen.line(`All of it is in the database after ${seconds} s.`)
}

/** Waits until nothing is left to do. Throws TdsError `demo_waiting` with what still waits after `withinMs`. */
export async function settled({ db, simulator, signal }: DemoWorld, withinMs: number): Promise<Progress> {
  const { organizationId } = simulator.access
  const progress = await untilConverged(db, { organizationId, withinMs, signal })
  if (isConverged(progress) || signal.aborted) return progress
  throw new TdsError(
    `after ${String(Math.round(withinMs / 1000))} s there still wait ${counted(progress.waiting, 'event')} and ` +
      `${counted(progress.owedReads, 'read')} of records from Zoho`,
    {
      code: 'demo_waiting',
      disposition: 'retry',
      nextStep: 'Look into the logs of the worker; or try again on a machine that has less to do.',
    },
  )
}

interface SentCounts {
  sent: number
  accepted: number
  duplicates: number
  refused: number
}

function sentCounts(): { readonly counts: SentCounts; readonly note: (result: DeliveryResult) => void } {
  const counts = { sent: 0, accepted: 0, duplicates: 0, refused: 0 }
  return {
    counts,
    note: ({ status }) => {
      counts.sent += 1
      if (status === 202) counts.accepted += 1
      else if (status === 200) counts.duplicates += 1
      else counts.refused += 1
    },
  }
}

async function watch(
  { screen, db, simulator }: DemoWorld,
  o: { readonly sent: { readonly counts: SentCounts }; readonly signal: AbortSignal },
): Promise<void> {
  const { organizationId } = simulator.access
  // Only a line for people: on a machine with too much to do a look may fail, and the next one shows what it would have.
  const show = async () => {
    try {
      screen.status(statusLine(o.sent.counts, await readProgress(db, organizationId)))
    } catch (error) {
      log.debug('The progress could not be read', { error })
    }
  }
  while (!o.signal.aborted) {
    await show()
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, LOOK_MS)
      o.signal.addEventListener('abort', () => {
        clearTimeout(timer)
        resolve()
      })
    })
  }
  await show()
}

function statusLine(sent: SentCounts, { applied, unchanged, stale, waiting, owedReads }: Progress): string {
  const numbers: readonly (readonly [string, number])[] = [
    ['sent', sent.sent],
    ['accepted', sent.accepted],
    ['duplicates', sent.duplicates],
    ['applied', applied],
    ['unchanged', unchanged],
    ['stale', stale],
    ['waiting', waiting + owedReads],
  ]
  return `  ${numbers.map(([name, count]) => `${name} ${counted(count)}`).join(' · ')}`
}

function refuseLosses({ refused }: SentCounts): void {
  if (refused === 0) return
  throw new TdsError(`${counted(refused, 'delivery', 'deliveries')} got no 2xx from the api`, {
    code: 'demo_refused',
    disposition: 'reject',
    nextStep: 'Look into the log of the api.',
  })
}

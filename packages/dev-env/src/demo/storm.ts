import { entities } from '@tds/core'
import { TdsError } from '@tds/runtime'
import type { DeliveryResult } from '@tds/zoho-simulator'

import { type Progress, readProgress } from '../installation/progress.ts'
import type { DemoWorld } from './demo-world.ts'
import { counted } from './screen.ts'
import { settled } from './settled.ts'
import { whileWatching } from './watch.ts'

const AT_ONCE = 24

/**
 * Changes much in Zoho, of which a third is never told, and the rest in a bad order; then what Zoho never tells of: balances
 * and stock that move under a version, a merge. Throws TdsError `demo_refused` when a delivery is not taken.
 */
export async function raiseStorm(
  world: DemoWorld,
  o: { readonly changes: number; readonly withinMs: number },
): Promise<void> {
  const { screen, simulator, installation, signal } = world
  const { deliveries, dropped } = simulator.plan({
    count: o.changes,
    types: entities.map(({ type }) => type),
    duplicates: 0.15,
    reordered: 0.3,
    dropped: 0.33,
    forms: 0.2,
    // Deletions and restorations come one by one in the story.
    kinds: { update: 94, create: 6 },
    seed: 'demo',
  })
  screen.heading(
    `A storm: ${counted(deliveries.length, 'webhook')}, repeated, late, in the wrong order, as JSON and forms;`,
  )
  const silent = changeSilently(world)
  screen.line(
    `${counted(dropped.length, 'change')} of which no webhook tells, and ${counted(silent)} that Zoho never tells of at all.`,
  )
  const sent = sentCounts()
  await whileWatching(
    world,
    async () => statusLine(sent.counts, await readProgress(world.db, simulator.access.organizationId)),
    async () => {
      await simulator.send(deliveries, {
        target: installation.apiUrl,
        concurrency: AT_ONCE,
        signal,
        onResult: sent.note,
      })
      await settled(world, o.withinMs)
    },
  )
  if (!signal.aborted) refuseLosses(sent.counts)
}

/** Balances, credits and stock under the version that they have, and two customers that become one. */
function changeSilently({ simulator }: DemoWorld): number {
  const moved = simulator.drift({ count: 12, seed: 'demo' })
  const [into, from] = simulator
    .truth('customer')
    .records.filter(({ detail }) => detail['contact_type'] === 'customer')
  if (into === undefined || from === undefined) return moved.length
  simulator.merge({ from: from.id, into: into.id })
  return moved.length + 1
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

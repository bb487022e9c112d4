import { setTimeout as sleep } from 'node:timers/promises'

import { seededChance } from '../deliveries/seeded-chance.ts'
import { brokenPromises } from './check-history.ts'
import type { EndToEnd } from './end-to-end.ts'
import { drive, type History } from './history.ts'
import { keepRunning } from './keep-running.ts'
import { markedChanges } from './marked-changes.ts'

/** What a round of kills came to. */
export interface KillReport {
  readonly kills: number
  readonly attempts: Readonly<Record<'stored' | 'refused' | 'unknown', number>>
  /** What was broken, in words; must be empty. */
  readonly broken: string[]
  /** From the last delivery until nothing was left to do. */
  readonly restMs: number
}

/** How hard it is made. */
export interface KillOptions {
  readonly seed: number
  readonly deliveries: number
  readonly ratePerSecond: number
  /** No more than so many. */
  readonly mostKills: number
  /** Longest pause between two kills. */
  readonly pauseMs: number
  /** Time to come to rest after the last kill. */
  readonly restWithinMs: number
}

/** Kills api and workers at random moments of a stream of webhooks, then holds the history against the rows. */
export async function killRounds(world: EndToEnd, o: KillOptions): Promise<KillReport> {
  const { simulator, installation, database } = world
  const kept = keepRunning([installation.api, ...installation.workers])
  const driven = new AbortController()
  const killChance = seededChance(o.seed + 1)
  const pauseChance = seededChance(o.seed + 2)
  const killing = killUntil(driven.signal, () => {
    kept.killOne(killChance)
  })
  let history: History
  try {
    const deliveries = markedChanges(simulator, seededChance(o.seed), {
      count: o.deliveries,
      records: { ofEachType: 7 },
    })
    history = await drive(simulator, deliveries, {
      targets: installation.apiUrls,
      atOnce: 8,
      ratePerSecond: o.ratePerSecond,
    })
  } finally {
    driven.abort()
    await killing
    await kept.release()
  }
  const restFrom = performance.now()
  await world.convergeReleasing(o.restWithinMs)
  const restMs = Math.round(performance.now() - restFrom)
  const touched = new Set(history.attempts.map(({ delivery }) => delivery.id))
  const broken = [
    ...kept.unexpected,
    ...(await brokenPromises(database.db, history)),
    ...(await world.differences(touched)).map((one) => `differs: ${one}`),
  ]
  return { kills: kept.kills(), attempts: countOutcomes(history), broken, restMs }

  async function killUntil(signal: AbortSignal, kill: () => void): Promise<void> {
    for (;;) {
      const slept = await sleep(o.pauseMs * (0.2 + 0.8 * pauseChance()), true, { signal }).catch(() => false)
      if (!slept || kept.kills() >= o.mostKills) return
      kill()
    }
  }
}

function countOutcomes({ attempts }: History): KillReport['attempts'] {
  const counts = { stored: 0, refused: 0, unknown: 0 }
  for (const { outcome } of attempts) counts[outcome] += 1
  return counts
}

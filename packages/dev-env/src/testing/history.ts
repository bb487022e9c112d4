import { setTimeout as sleep } from 'node:timers/promises'

import type { Delivery, Simulator } from '@tds/zoho-simulator'

/** One request of the driver and what it knows of it. */
export interface Attempt {
  readonly delivery: Delivery
  /**
   * `stored`: answered 2xx, so it must exist. `refused`: answered otherwise, so nothing was promised. `unknown`: the
   * connection broke, so it may exist.
   */
  readonly outcome: 'stored' | 'refused' | 'unknown'
  readonly status: number | null
  readonly eventId: string | null
}

/** What a driver did, and saw, from outside. */
export interface History {
  readonly attempts: Attempt[]
}

/** How deliveries are driven in. */
export interface DriveOptions {
  /** The apis; each request goes to the next of them, so that a delivery that met a dead one tries another. */
  readonly targets: readonly string[]
  readonly atOnce: number
  /** No more than so many deliveries a second begin. */
  readonly ratePerSecond: number
  /** A delivery that has no 2xx after so long is a failure of the test; default a minute. */
  readonly patienceMs?: number
}

const PAUSE_MS = 100

/**
 * Sends deliveries, each again and again until it has a 2xx, and records every request. Throws Error when one has none
 * in time.
 */
export async function drive(
  simulator: Simulator,
  deliveries: Iterator<Delivery>,
  o: DriveOptions,
): Promise<History> {
  const history: History = { attempts: [] }
  const turn = inTurn(o.targets)
  const begunMs = performance.now()
  let begun = 0
  const lane = async () => {
    for (let next = deliveries.next(); next.done !== true; next = deliveries.next()) {
      const dueMs = begunMs + (begun++ * 1000) / o.ratePerSecond
      await sleep(Math.max(0, dueMs - performance.now()))
      await driveOne(simulator, next.value, { ...o, history, nextTarget: turn })
    }
  }
  await Promise.all(Array.from({ length: o.atOnce }, lane))
  return history
}

function inTurn(targets: readonly string[]): () => string {
  let place = 0
  return () => {
    const target = targets[place++ % targets.length]
    if (target === undefined) throw new RangeError('there is no target')
    return target
  }
}

async function driveOne(
  simulator: Simulator,
  delivery: Delivery,
  o: DriveOptions & { readonly history: History; readonly nextTarget: () => string },
): Promise<void> {
  const limit = performance.now() + (o.patienceMs ?? 60_000)
  for (;;) {
    const attempt = await once(simulator, delivery, o.nextTarget())
    o.history.attempts.push(attempt)
    if (attempt.outcome === 'stored') return
    if (performance.now() > limit)
      throw new Error(`no 2xx for ${delivery.path}, last status ${String(attempt.status)}`)
    await sleep(PAUSE_MS)
  }
}

async function once(simulator: Simulator, delivery: Delivery, target: string): Promise<Attempt> {
  const { results } = await simulator.send([delivery], { target })
  const [result] = results
  const status = result?.status ?? null
  if (result === undefined || status === null) return { delivery, outcome: 'unknown', status, eventId: null }
  if (status < 200 || status > 299) return { delivery, outcome: 'refused', status, eventId: null }
  return {
    delivery,
    outcome: 'stored',
    status,
    eventId: (JSON.parse(result.answer) as { eventId: string }).eventId,
  }
}

import { type EndToEnd, startEndToEnd } from './end-to-end.ts'

/** How big the rush is, and what calls Zoho allows. */
export interface RushOptions {
  readonly events: number
  readonly workers: number
  readonly perMinute: number
  readonly inFlight: number
  /** How long each answer of Zoho takes. */
  readonly latencyMs: number
  readonly withinMs: number
}

/** What a rush came to. */
export interface RushReport {
  readonly applied: number
  readonly deadLetters: number
  /** Calls that Zoho answered, and those that it refused because a limit was crossed. */
  readonly calls: number
  readonly refused: number
  readonly mostInMinute: number
  readonly mostInFlight: number
  /** Calls that each worker made for events. */
  readonly callsOfWorkers: readonly number[]
  /** From the start of the workers until nothing was left to do. */
  readonly seconds: number
}

/**
 * Lets events that each need a read wait while no worker runs, then starts all workers in the same moment: whoever divided
 * the calls among them beforehand, or counted them each for itself, would make Zoho refuse.
 */
export async function rushOfReads(o: RushOptions): Promise<RushReport> {
  const world = await startEndToEnd({
    workers: o.workers,
    simulator: { callsPerMinute: o.perMinute, callsInFlight: o.inFlight, latencyMs: o.latencyMs },
    settings: { ZOHO_CALLS_PER_MINUTE: String(o.perMinute), ZOHO_MAX_IN_FLIGHT: String(o.inFlight) },
  })
  try {
    const { workers } = world.installation
    await Promise.all(workers.map((worker) => worker.stop()))
    await tellThinly(world, o.events)
    const startedAt = performance.now()
    await Promise.all(workers.map((worker) => worker.startAgain()))
    const { applied, deadLetters } = await world.converge(o.withinMs)
    const seconds = Math.round((performance.now() - startedAt) / 1000)
    const { calls, refusedBy, mostInMinute, mostInFlight } = world.simulator.callCounts()
    return {
      applied,
      deadLetters,
      calls,
      refused: Object.values(refusedBy).reduce((sum, refused) => sum + refused, 0),
      mostInMinute,
      mostInFlight,
      callsOfWorkers: await callsOfWorkers(world),
      seconds,
    }
  } finally {
    await world.stop()
  }
}

/** Webhooks that name a new product and say nothing of it. */
async function tellThinly({ simulator, installation }: EndToEnd, count: number): Promise<void> {
  const deliveries = Array.from({ length: count }, () =>
    simulator.deliveryOf(simulator.mutate({ type: 'product', kind: 'create' }), { shape: 'thin' }),
  )
  const { results } = await simulator.send(deliveries, { target: installation.apiUrl, concurrency: 16 })
  const refused = results.filter(({ status }) => status !== 202)
  if (refused.length > 0) throw new Error(`the api did not take ${String(refused.length)} deliveries`)
}

async function callsOfWorkers({ database }: EndToEnd): Promise<number[]> {
  const { rows } = await database.db.query<{ calls: number }>(
    `SELECT count(*)::int AS calls FROM tds_calls WHERE lane = 'reread' GROUP BY daemon_id ORDER BY calls`,
  )
  return rows.map(({ calls }) => calls)
}

import { randomInt } from 'node:crypto'

import { type BlackHoleProxy, blackHoleProxy, createTestDatabase } from '@tds/db/testing'
import type { HealthResult } from '@tds/runtime'

import { seededChance } from '../deliveries/seeded-chance.ts'
import { brokenPromises, drive, type EndToEnd, startEndToEnd, waitUntil } from '../testing/index.ts'
import { markedChanges } from '../testing/marked-changes.ts'

const seed = Number(process.env['TDS_SEED'] ?? randomInt(1_000_000))
/** Together 36 s: a worker whose beats do not get through is missed after 30. */
const deliveries = 216
const ratePerSecond = 6

/**
 * The way is a proxy and not the kernel's netem, which takes a module and a right that few machines have. Nothing is missing for
 * that: TCP sends again what was lost, so that those at its two ends meet long waits and never a loss.
 */
describe(`F-35: a network to Postgres that loses a fifth and takes 200 ms a turn (TDS_SEED=${String(seed)})`, () => {
  let way: BlackHoleProxy
  let world: EndToEnd
  let pids: number[]

  beforeAll(async () => {
    const database = await createTestDatabase()
    way = await blackHoleProxy(database.url)
    world = await startEndToEnd({ database, ofWorkers: { DATABASE_URL: way.url } })
    pids = world.installation.daemons.map((daemon) => daemon.pid())
  }, 90_000)

  afterAll(async () => {
    await world.stop()
    await way.close()
  })

  it('makes the worker slow, but it goes on and is never called dead; then nothing is lost and the mirror equals Zoho', async () => {
    way.lose({ delayMs: 100, share: 0.2, chance: seededChance(seed + 1) })
    const watched = watchWorkers()
    const history = await drive(
      world.simulator,
      markedChanges(world.simulator, seededChance(seed), { count: deliveries, records: { ofEachType: 7 } }),
      { targets: [world.installation.apiUrl], atOnce: 8, ratePerSecond },
    )
    await waitUntil(async () => (await finished()) > 0, { what: 'an event is finished over the bad way' })
    const verdicts = await watched.end()
    const meanwhile = { lost: way.lost(), finished: await finished(), looks: verdicts.length }
    way.lose(null)
    const from = performance.now()
    await world.convergeReleasing(90_000)
    const restMs = Math.round(performance.now() - from)
    console.info(JSON.stringify({ TDS_SEED: seed, ...meanwhile, restMs }))
    expect(await brokenPromises(world.database.db, history)).toEqual([])
    const touched = new Set(history.attempts.map(({ delivery }) => delivery.id))
    expect(await world.differences(touched)).toEqual([])
    expect([...new Set(verdicts)]).toEqual(['healthy'])
    expect(meanwhile.lost).toBeGreaterThan(100)
    expect(world.installation.daemons.map((daemon) => daemon.pid())).toEqual(pids)
    expect(world.installation.daemons.map((daemon) => daemon.ended())).toEqual(pids.map(() => null))
  }, 200_000)

  async function finished(): Promise<number> {
    const found = await world.database.db.query('SELECT FROM tds_inbox_events WHERE processed_at IS NOT NULL')
    return found.rowCount
  }

  /** Asks the api again and again whether a worker lives. */
  function watchWorkers(): { readonly end: () => Promise<string[]> } {
    const over = new AbortController()
    const verdicts: string[] = []
    const watching = waitUntil(
      async () => {
        const response = await fetch(`${world.installation.apiUrl}/health`)
        const { checks } = (await response.json()) as { checks: (HealthResult & { name: string })[] }
        verdicts.push(checks.find(({ name }) => name === 'workers')?.status ?? 'not told')
        return over.signal.aborted
      },
      { what: 'the watch is ended', withinMs: 180_000, everyMs: 250 },
    )
    // Until it is awaited its failure is nobody's.
    watching.catch(() => undefined)
    return {
      end: async () => {
        over.abort()
        await watching
        return verdicts
      },
    }
  }
})

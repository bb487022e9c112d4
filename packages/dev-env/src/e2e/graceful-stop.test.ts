import type { DeliveryResult } from '@tds/zoho-simulator'

import { type EndToEnd, startEndToEnd } from '../testing/index.ts'

describe('a graceful stop', () => {
  let world: EndToEnd
  const touched = new Set<string>()

  beforeAll(async () => {
    world = await startEndToEnd({ workers: 1 })
  }, 60_000)

  afterAll(async () => {
    await world.stop()
  })

  it('of the api in the middle of a stream finishes what it accepted and exits 0', async () => {
    const { api } = world.installation
    const results = await stream(300, (count) => {
      if (count === 80) api.kill('SIGTERM')
    })
    expect(await api.whenEnded()).toEqual({ code: 0, signal: null })
    const answers = results.map(({ status }) => status)
    expect(answers.filter((status) => status === 202).length).toBeGreaterThanOrEqual(80)
    expect(answers.filter((status) => status !== null && ![200, 202, 503].includes(status))).toEqual([])
    await expectKept(results)
    await api.startAgain()
    await api.untilReady()
  }, 60_000)

  it('F-08: of the worker with its hands full leaves the rest to its successor', async () => {
    const [worker] = world.installation.workers
    const results = await stream(300, (count) => {
      if (count === 150) worker?.kill('SIGTERM')
    })
    expect(await worker?.whenEnded()).toEqual({ code: 0, signal: null })
    await worker?.startAgain()
    await worker?.untilReady()
    // What was not accepted by the stopped api is told once more, as somebody who saves again would.
    for (const type of ['product', 'invoice'] as const) {
      const again = [...touched].filter((id) => world.simulator.record(type, id) !== null)
      const mutations = again.map((id) => world.simulator.mutate({ type, kind: 'update', id }))
      results.push(...(await send(mutations.map((mutation) => world.simulator.deliveryOf(mutation)))))
    }
    await world.convergeReleasing(60_000)
    await expectKept(results)
    expect(await world.differences(touched)).toEqual([])
    const { rows } = await world.database.db.query(
      `SELECT (SELECT count(*) FROM tds_dead_letter_queue) AS dead, (SELECT count(*) FROM tds_work_claims) AS claims,
              (SELECT max(deaths) FROM tds_inbox_events) AS deaths`,
    )
    expect(rows).toEqual([{ dead: '0', claims: '0', deaths: 0 }])
  }, 60_000)

  async function stream(count: number, onResult: (count: number) => void): Promise<DeliveryResult[]> {
    const deliveries = world.simulator.stream({ count, types: ['product', 'invoice'], kinds: { update: 1 } })
    return send(deliveries, onResult)
  }

  async function send(
    deliveries: Parameters<EndToEnd['simulator']['send']>[0],
    onResult: (count: number) => void = () => undefined,
  ): Promise<DeliveryResult[]> {
    let count = 0
    const { results } = await world.simulator.send(deliveries, {
      target: world.installation.apiUrl,
      concurrency: 8,
      onResult: (result) => {
        touched.add(result.id)
        onResult((count += 1))
      },
    })
    return results
  }

  async function expectKept(results: readonly DeliveryResult[]): Promise<void> {
    const { rows } = await world.database.db.query<{ id: string }>('SELECT id FROM tds_inbox_events')
    const kept = new Set(rows.map(({ id }) => id))
    const promised = results.filter(({ status }) => status === 202 || status === 200)
    const ids = promised.map(({ answer }) => (JSON.parse(answer) as { eventId: string }).eventId)
    expect(ids.filter((id) => !kept.has(id))).toEqual([])
  }
})

import { objectOf, objectsOf, textOf } from '../exact/fields.ts'
import { writeJson, type JsonObject } from '../exact/json.ts'
import type { SimulatorOptions } from '../options.ts'
import { testBench } from '../testing/api-client.ts'
import { startCatcher, type CatcherAnswer } from '../testing/catcher.ts'

const histories = '/books/v3/settings/webhooks/histories'
const accepted: CatcherAnswer = { status: 202, body: '{"status":"accepted"}' }
const away: CatcherAnswer = { status: 503, body: 'away' }

/** A bench beside a receiver that answers by turns. */
async function setup(answers: CatcherAnswer[] = [], options: SimulatorOptions = {}) {
  const bench = await testBench(options)
  const catcher = await startCatcher((_, number) => answers[number] ?? accepted)
  const dispose = async () => {
    await bench.simulator.stop()
    await catcher.close()
  }
  const sendSome = async (count: number) => {
    const plan = bench.simulator.plan({ count, types: ['invoice'], kinds: { update: 1 } })
    return (await bench.simulator.send(plan.deliveries, { target: catcher.url })).results
  }
  const list = async (path = histories, parameters: Record<string, string> = {}): Promise<JsonObject[]> => {
    const { body } = await bench.get(path, parameters)
    return objectsOf(body, path.endsWith('logs') ? 'workflow_logs' : 'webhook_histories')
  }
  return Object.assign(bench, { catcher, sendSome, list, [Symbol.asyncDispose]: dispose })
}

describe('the ledger of webhooks', () => {
  it('shows the latest first, and what came of each', async () => {
    await using bench = await setup([accepted, away])
    const [first, second] = await bench.sendSome(2)
    expect(await bench.list()).toMatchObject([
      { entity: 'invoice', entity_id: second?.id, status: 'failure', method: 'POST' },
      { entity: 'invoice', entity_id: first?.id, status: 'success' },
    ])
    expect(writeJson((await bench.list())[0]?.['response_code'] ?? null)).toBe('503')
    expect(await bench.list(histories, { filter_by: 'Status.Failed' })).toHaveLength(1)
    expect(await bench.list(histories, { entity_id: first?.id ?? '' })).toHaveLength(1)
    expect(await bench.list(histories, { per_page: '1', page: '2' })).toHaveLength(1)
    expect(await bench.list('/inventory/v1/settings/webhooks/histories')).toHaveLength(2)
    expect((await bench.get(histories, { filter_by: 'Status.Odd' })).status).toBe(400)
  })

  it('keeps what was sent and what was answered', async () => {
    await using bench = await setup([away])
    await bench.sendSome(1)
    const [row] = await bench.list()
    const { body } = await bench.get(`${histories}/${textOf(row ?? {}, 'history_id')}`)
    expect(objectOf(body, 'webhook_history')).toMatchObject({
      request_body: bench.catcher.caught[0]?.body,
      response_body: 'away',
    })
    expect((await bench.get(`${histories}/1`)).text).toBe(
      '{"code":1002,"message":"Webhook History does not exist."}',
    )
  })

  it('sends a failed one again, byte by byte, and shows what came of that', async () => {
    await using bench = await setup([away])
    await bench.sendSome(1)
    const [row] = await bench.list()
    const resent = await bench.post(`${histories}/${textOf(row ?? {}, 'history_id')}/resend`)
    expect(resent).toMatchObject({ status: 200, body: { message: 'The webhook has been resent.' } })
    while (bench.catcher.caught.length < 2) await new Promise(setImmediate)
    const [first, second] = bench.catcher.caught
    expect(second).toEqual(first)
    let shown = (await bench.list())[0]
    while (shown?.['status'] === 'failure') [shown] = await bench.list()
    expect(writeJson(shown?.['resend_count'] ?? null)).toBe('1')
    expect(await bench.list()).toHaveLength(1)
  })

  it('sends ten again at once, and refuses more', async () => {
    await using bench = await setup(Array(11).fill(away))
    await bench.sendSome(11)
    const ids = (await bench.list()).map((row) => textOf(row, 'history_id'))
    const bulk = (history_ids: string) => bench.post(`${histories}/bulkresend`, { history_ids })
    expect((await bulk(ids.join(','))).body['code']).toBeDefined()
    expect((await bulk(ids.join(','))).status).toBe(400)
    expect((await bulk('')).status).toBe(400)
    expect((await bulk('1')).status).toBe(404)
    expect((await bulk(ids.slice(0, 10).join(','))).status).toBe(200)
  })

  it('needs the settings scope, and a writing one for sending again', async () => {
    await using bench = await setup([away], {
      scopes: ['ZohoBooks.settings.READ', 'ZohoInventory.items.READ'],
    })
    await bench.sendSome(1)
    const [row] = await bench.list()
    expect((await bench.post(`${histories}/${textOf(row ?? {}, 'history_id')}/resend`)).status).toBe(401)
    expect((await bench.get('/inventory/v1/settings/webhooks')).status).toBe(401)
    expect((await bench.get(`${histories}/1/resend`)).text).toContain('"code":37')
  })

  it('names the webhooks and their rules, with the retry policy; price lists have none', async () => {
    await using bench = await setup([], { webhookRetries: 3 })
    const webhooks = objectsOf((await bench.get('/books/v3/settings/webhooks')).body, 'webhooks')
    expect(webhooks.map(({ entity }) => entity)).toEqual([
      'item',
      'contact',
      'invoice',
      'bill',
      'creditnote',
      'inventory_adjustment',
    ])
    const { text } = await bench.get('/books/v3/settings/workflows')
    expect(text).toContain('"retry_policy":{"retry_count":3,"first_interval_ms":1000,"interval_factor":2}')
  })

  it('logs every run of a rule', async () => {
    await using bench = await setup([away])
    const [result] = await bench.sendSome(1)
    expect(await bench.list('/books/v3/settings/workflows/logs')).toMatchObject([
      {
        entity: 'invoice',
        entity_id: result?.id,
        action_type: 'webhook',
        status: 'failure',
        event: 'update',
      },
    ])
  })

  it.each(['settings', 'settings/else', 'settings/webhooks/else', 'settings/workflows/logs/1'])(
    'has no path %s',
    async (path) => {
      await using bench = await setup()
      expect((await bench.get(`/books/v3/${path}`)).text).toContain('"code":5')
    },
  )
})

describe('the delivery of webhooks', () => {
  it('stops at the day’s cap, and begins again at local midnight', async () => {
    await using bench = await setup([], { webhooksPerDay: 2 })
    const results = await bench.sendSome(3)
    expect(results.map(({ status, attempts }) => [status, attempts])).toEqual([
      [202, 1],
      [202, 1],
      [null, 0],
    ])
    expect(results[2]?.error).toBe('The 2 webhooks of the day are used up')
    expect((await bench.list())[0]).toMatchObject({ status: 'not_sent' })
    bench.simulator.moveClock({ until: 'midnight' })
    expect((await bench.sendSome(1))[0]?.status).toBe(202)
    expect(bench.catcher.caught).toHaveLength(3)
  })

  it('retries by the policy where nothing else is asked for, with growing pauses', async () => {
    await using bench = await setup([away, away, away], { webhookRetries: 2, webhookRetryDelayMs: 40 })
    const started = performance.now()
    const [result] = await bench.sendSome(1)
    expect(result).toMatchObject({ status: 503, attempts: 3 })
    expect(performance.now() - started).toBeGreaterThanOrEqual(115)
    expect(writeJson((await bench.list())[0]?.['retry_count'] ?? null)).toBe('2')
  })

  it('loses a share without a trace in the ledger', async () => {
    await using bench = await setup([], { webhooksLost: 0.5 })
    const results = await bench.sendSome(40)
    const lost = results.filter(({ error }) => error === 'Lost on the way')
    expect(lost.length).toBeGreaterThan(5)
    expect(bench.catcher.caught).toHaveLength(40 - lost.length)
    expect(await bench.list()).toHaveLength(40 - lost.length)
  })
})

import { startCatcher, type Caught, type CatcherAnswer, type CatcherRule } from '../testing/catcher.ts'
import { testWorld } from '../testing/test-world.ts'
import { summarize } from './delivery-book.ts'
import { planDeliveries } from './plan.ts'
import { sendDeliveries, type SendOptions } from './send.ts'

const accepted: CatcherAnswer = { status: 202, body: '{"eventId":"1","status":"accepted"}' }

async function setup(answer: CatcherRule = () => accepted, count = 40) {
  const catcher = await startCatcher(answer)
  const sender = { organizationId: '1', secret: 's' }
  const { deliveries } = planDeliveries(testWorld(), sender, { count, types: ['product'] })
  const send = (options: Partial<SendOptions> = {}) =>
    sendDeliveries(deliveries, { target: catcher.url, ...options })
  return { catcher, deliveries, send, [Symbol.asyncDispose]: () => catcher.close() }
}

describe('sendDeliveries', () => {
  it('sends the bytes, headers and path that were planned, in their order', async () => {
    await using world = await setup()
    await world.send()
    const arrived = world.catcher.caught.map(({ method, url, headers, body }) => [
      method,
      url,
      headers['x-zoho-webhook-signature'],
      headers['content-type'],
      body,
    ])
    const planned = world.deliveries.map(({ method, path, headers, body }) => [
      method,
      path,
      headers['X-Zoho-Webhook-Signature'],
      headers['Content-Type'],
      body.toString(),
    ])
    expect(arrived).toEqual(planned)
  })

  it('keeps as many in flight as allowed, and no more', async () => {
    const eightCame = Promise.withResolvers<CatcherAnswer>()
    await using world = await setup((_, number) => {
      if (number === 7) eightCame.resolve(accepted)
      return number < 8 ? eightCame.promise : accepted
    })
    const results = await world.send({ concurrency: 8 })
    expect(results).toHaveLength(40)
    expect(world.catcher.mostAtOnce()).toBe(8)
  })

  it('begins no more a second than allowed', async () => {
    await using world = await setup(undefined, 6)
    const started = performance.now()
    await world.send({ concurrency: 6, ratePerSecond: 50 })
    expect(performance.now() - started).toBeGreaterThanOrEqual(99)
  })

  it('retries nothing unless asked', async () => {
    await using world = await setup(() => ({ status: 503, body: '' }), 3)
    const results = await world.send()
    expect(results.map(({ status, attempts }) => [status, attempts])).toEqual(Array(3).fill([503, 1]))
    expect(world.catcher.caught).toHaveLength(3)
  })

  it('retries as often as asked, with the same bytes', async () => {
    const failTwice = (_: Caught, number: number): CatcherAnswer =>
      number < 2 ? { status: 500, body: '' } : accepted
    await using world = await setup(failTwice, 1)
    const [result] = await world.send({ retries: 5, retryDelayMs: 1 })
    expect(result).toMatchObject({ status: 202, attempts: 3, error: null })
    expect(new Set(world.catcher.caught.map(({ body }) => body)).size).toBe(1)
  })

  it('says why there was no answer', async () => {
    await using world = await setup(undefined, 2)
    await world.catcher.close()
    const results = await world.send()
    expect(results.map(({ status, error }) => [status, error?.split(':')[0]])).toEqual(
      Array(2).fill([null, 'ECONNREFUSED']),
    )
  })

  it('gives up on an answer that does not come in time', async () => {
    await using world = await setup(() => 'hang', 1)
    const [result] = await world.send({ timeoutMs: 50 })
    expect(result).toMatchObject({ status: null, error: 'No answer within 50 ms' })
  })

  it('stops when told: what is in flight fails, what has not begun is left out', async () => {
    const stop = new AbortController()
    await using world = await setup((_, number) => {
      if (number === 2) stop.abort()
      return number === 2 ? 'hang' : accepted
    })
    const results = await world.send({ signal: stop.signal })
    expect(results.map(({ status }) => status)).toEqual([202, 202, null])
  })

  it('refuses a target that is no address', async () => {
    await using world = await setup()
    await expect(world.send({ target: 'localhost' })).rejects.toThrow('target')
  })
})

describe('summarize', () => {
  it('counts by status and by what the answers say', () => {
    const result = { sequence: 1, type: 'product', id: '1', version: '', duplicateOf: null, error: null }
    const timing = { attempts: 1, startedAtMs: 0, durationMs: 1 }
    const answers: [number | null, string][] = [
      [202, '{"status":"accepted"}'],
      [200, '{"status":"duplicate"}'],
      [202, '{"status":"accepted"}'],
      [503, '{"status":503,"title":"Busy"}'],
      [502, '<html>'],
      [null, ''],
    ]
    expect(summarize(answers.map(([status, answer]) => ({ ...result, ...timing, status, answer })))).toEqual({
      deliveries: 6,
      unanswered: 1,
      byStatus: { 202: 2, 200: 1, 503: 1, 502: 1 },
      byAnswer: { accepted: 2, duplicate: 1, none: 2 },
    })
  })
})

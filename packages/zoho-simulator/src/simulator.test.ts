import { createSimulator, type Simulator } from './simulator.ts'
import { testBench } from './testing/api-client.ts'
import { startCatcher } from './testing/catcher.ts'
import { testNow } from './testing/test-world.ts'

function small(): Simulator {
  return createSimulator({ size: 'small', clock: () => testNow })
}

describe('a simulator', () => {
  it('listens on the loopback interface unless told otherwise', async () => {
    const simulator = small()
    const { url } = await simulator.start()
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
    await simulator.stop()
  })

  it('stops at any time, also twice or before it started, and starts again with the same world', async () => {
    const simulator = small()
    await simulator.stop()
    const { id } = simulator.mutate({ type: 'product', kind: 'create' })
    await simulator.start()
    await simulator.stop()
    await simulator.stop()
    const { url } = await simulator.start()
    expect((await fetch(`${url}/_control/records/product/${id}`)).status).toBe(200)
    await simulator.stop()
  })

  it('does not start twice', async () => {
    await using bench = await testBench()
    await expect(bench.simulator.start()).rejects.toThrow('listens already')
  })

  it('can be started again after a port that was taken', async () => {
    await using bench = await testBench()
    const other = small()
    const port = Number(new URL(bench.url).port)
    await expect(other.start({ port })).rejects.toThrow('EADDRINUSE')
    await other.start()
    await other.stop()
  })

  it('sends nothing after it stopped, and ends what is under way', async () => {
    const simulator = small()
    await simulator.start()
    let stopped: Promise<void> = Promise.resolve()
    const catcher = await startCatcher((_, number) => {
      if (number === 1) stopped = simulator.stop()
      return number === 1 ? 'hang' : { status: 202, body: '' }
    })
    const { deliveries } = simulator.plan({ count: 5, types: ['product'] })
    const { summary } = await simulator.send(deliveries, { target: catcher.url })
    await stopped
    expect(summary).toMatchObject({ deliveries: 2, unanswered: 1 })
    await expect(simulator.send(deliveries, { target: catcher.url })).rejects.toThrow('has stopped')
    await catcher.close()
  })

  it('makes webhooks of single changes in the form asked for', () => {
    const simulator = small()
    const mutation = simulator.mutate({ type: 'product', kind: 'update' })
    const usual = simulator.deliveryOf(mutation)
    expect(usual).toMatchObject({
      shape: 'usual',
      encoding: 'json',
      action: 'updated',
      version: mutation.version,
    })
    const thin = simulator.deliveryOf(mutation, {
      shape: 'thin',
      encoding: 'form',
      secret: null,
      actionInPath: false,
    })
    expect(thin).toMatchObject({
      path: '/webhooks/products?organization_id=738204165',
      carriesVersion: false,
    })
    expect(thin.headers).not.toHaveProperty('X-Zoho-Webhook-Signature')
  })

  it('refuses an option that it does not have', () => {
    const options: object = { sise: 'small' }
    expect(() => createSimulator(options)).toThrow('There is no option sise')
    expect(() => createSimulator({ callsPerMinute: 0 })).toThrow('callsPerMinute must be a whole number')
  })
})

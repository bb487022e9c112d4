import { codeOf } from '@tds/runtime'
import { sendTo } from '../testing/api-world.ts'
import { httpServer } from './http-server.ts'

describe('httpServer', () => {
  it('finishes the requests in flight when it is stopped, and takes no more', async () => {
    const arrived = Promise.withResolvers<undefined>()
    const answerNow = Promise.withResolvers<undefined>()
    const server = httpServer({
      host: '127.0.0.1',
      port: 0,
      listener: (_request, response) => {
        arrived.resolve(undefined)
        void answerNow.promise.then(() => response.end('done'))
      },
    })
    await server.start()
    const url = `http://127.0.0.1:${String(server.port())}`
    const answer = sendTo(url, { method: 'GET', path: '/', headers: { connection: 'keep-alive' } })
    await arrived.promise
    expect(server.isDraining()).toBe(false)
    const stopped = server.stop()
    await expect(refusedBy(url)).resolves.toBe('ECONNREFUSED')
    expect(server.isDraining()).toBe(true)
    answerNow.resolve(undefined)
    expect(await answer).toMatchObject({ status: 200, text: 'done' })
    await stopped
  })

  it('cuts off what does not end in time', async () => {
    const arrived = Promise.withResolvers<undefined>()
    const server = httpServer({
      host: '127.0.0.1',
      port: 0,
      drainMs: 100,
      listener: () => {
        arrived.resolve(undefined)
      },
    })
    await server.start()
    const url = `http://127.0.0.1:${String(server.port())}`
    const failure = sendTo(url, { method: 'GET', path: '/', headers: {} }).catch(codeOf)
    await arrived.promise
    await server.stop()
    expect(await failure).toBe('ECONNRESET')
  })

  it('names the variable to change when its port is taken', async () => {
    const first = httpServer({ host: '127.0.0.1', port: 0, listener: () => undefined })
    await first.start()
    const second = httpServer({ host: '127.0.0.1', port: first.port(), listener: () => undefined })
    await expect(second.start()).rejects.toMatchObject({
      code: 'port_in_use',
      disposition: 'reject',
      nextStep: expect.stringContaining('API_PORT'),
    })
    await first.stop()
  })
})

async function refusedBy(url: string): Promise<string> {
  for (;;) {
    try {
      await sendTo(url, { method: 'GET', path: '/', headers: {} })
    } catch (error) {
      return codeOf(error) ?? 'no code'
    }
  }
}

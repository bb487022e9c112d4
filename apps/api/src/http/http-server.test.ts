import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { codeOf } from '@tds/runtime'
import { delivery, sendTo, sign, startApiWorld, type ApiWorld } from '../testing/api-world.ts'
import { httpServer } from './http-server.ts'

let world: ApiWorld

beforeAll(async () => {
  world = await startApiWorld({ overrides: { requestMs: 600 } })
})
beforeEach(async () => {
  await world.clear()
})
afterAll(async () => {
  await world.stop()
})

const body = '{"item":{"item_id":"1","last_modified_time":"2026-07-21T16:03:55+0100"}}'
const signature = sign({ path: '/webhooks/products', body })
const head = [
  'POST /webhooks/products HTTP/1.1',
  'Host: api.test',
  'Content-Type: application/json',
  `X-Zoho-Webhook-Signature: ${signature}`,
]
const length = `Content-Length: ${String(body.length)}`

describe('the server of the api', () => {
  it('answers a request written by hand, so that the other claims mean something', async () => {
    expect(await exchange(request([...head, length], body))).toMatch(/^HTTP\/1\.1 202 /)
  })

  it('closes on who is silent in the middle of a body, keeps nothing and promises nothing', async () => {
    const startedAt = performance.now()
    const answer = await exchange(request([...head, length], body.slice(0, 20)))
    expect(answer).not.toMatch(/^HTTP\/1\.1 2/)
    expect(performance.now() - startedAt).toBeLessThan(4000)
    expect(await world.rows()).toEqual([])
  })

  it('closes on who sends a byte now and then', async () => {
    const answer = await exchange(request([...head, length], ''), async (write) => {
      for (const byte of body) {
        if (!write(byte)) return
        await sleep(100)
      }
    })
    expect(answer).not.toMatch(/^HTTP\/1\.1 2/)
    expect(await world.rows()).toEqual([])
  })

  it('closes on who does not finish the headers', async () => {
    expect(await exchange(`${head.join('\r\n')}\r\n`)).not.toMatch(/^HTTP\/1\.1 2/)
  })

  it('keeps nothing of a body that breaks off, and goes on', async () => {
    const socket = connect(portOf(world.apiUrl), '127.0.0.1')
    socket.write(request([...head, length], body.slice(0, 20)))
    await sleep(50)
    socket.destroy()
    expect(await world.deliver('/webhooks/products', body)).toMatchObject({ status: 202 })
    expect(await world.rows()).toHaveLength(1)
  })

  it('answers 431 to headers of more than 16 kB', async () => {
    const headers = { 'x-long': 'a'.repeat(17_000) }
    expect((await sendTo(world.apiUrl, delivery('/webhooks/products', body, { headers }))).status).toBe(431)
  })

  it.each<[string, string[], string]>([
    ['a length and chunks', [...head, length, 'Transfer-Encoding: chunked'], '0\r\n\r\n'],
    ['two lengths', [...head, length, 'Content-Length: 5'], body],
    ['an unknown coding', [...head, 'Transfer-Encoding: strange'], body],
    ['a folded header', [...head, length, 'X-Folded: a', ' b'], body],
    ['a space before the colon', [...head, length, 'X-Odd : a'], body],
    ['no host', head.filter((line) => !line.startsWith('Host')).concat(length), body],
    ['no HTTP at all', ['hello'], ''],
  ])('refuses %s with 400 and closes', async (_what, lines, sent) => {
    const answer = await exchange(request(lines, sent))
    expect(answer).toMatch(/^HTTP\/1\.1 400 /)
    expect(answer.split('HTTP/1.1')).toHaveLength(2)
    expect(await world.rows()).toEqual([])
  })

  it('never inflates a body', async () => {
    const headers = { 'content-encoding': 'gzip' }
    const wrongly = await world.deliver('/webhooks/products', body, {
      headers: { ...headers, 'x-zoho-webhook-signature': 'a'.repeat(64) },
    })
    expect(wrongly).toMatchObject({ status: 401 })
    expect(await world.deliver('/webhooks/products', body, { headers })).toMatchObject({
      body: { reason: 'encoding' },
    })
  })
})

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

function request(lines: readonly string[], sent: string): string {
  return `${lines.join('\r\n')}\r\n\r\n${sent}`
}

/** Writes to a connection until the api closes it, and returns what it said. */
async function exchange(
  text: string,
  further: (write: (more: string) => boolean) => Promise<void> = async () => Promise.resolve(),
): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(portOf(world.apiUrl), '127.0.0.1')
    let answer = ''
    socket.on('data', (chunk) => {
      answer += chunk.toString()
      // A request that was answered leaves its connection open for the next.
      if (answer.startsWith('HTTP/1.1 2')) socket.end()
    })
    socket.on('error', () => undefined)
    socket.on('close', () => {
      resolve(answer)
    })
    socket.write(text)
    void further((more) => socket.writable && socket.write(more))
  })
}

function portOf(url: string): number {
  return Number(new URL(url).port)
}

async function refusedBy(url: string): Promise<string> {
  for (;;) {
    try {
      await sendTo(url, { method: 'GET', path: '/', headers: {} })
    } catch (error) {
      return codeOf(error) ?? 'no code'
    }
  }
}

import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { mostBlockedMs, watchEventLoop } from '../testing/event-loop-watch.ts'
import { exchangeRaw } from '../testing/raw-exchange.ts'
import { readBody, type BodyReading } from './read-body.ts'

describe('readBody', () => {
  let server: Server
  let reading: Promise<BodyReading>

  beforeAll(async () => {
    server = createServer((request, response) => {
      reading = readBody(request, 1_048_576)
      void reading.then(() => response.end())
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
  })

  afterAll(() => {
    server.close()
  })

  it('holds little more than the bytes of a body that comes a byte at a time', async () => {
    const chunks = Array.from({ length: 300_000 }, (_, at) => `1\r\n${String(at % 10)}\r\n`)
    const head = 'POST / HTTP/1.1\r\nHost: api.test\r\nTransfer-Encoding: chunked\r\n\r\n'
    const bytes = Buffer.from(`${head}${chunks.join('')}0\r\n\r\n`)
    const before = process.memoryUsage().rss
    const watch = watchEventLoop()
    const { port } = server.address() as AddressInfo
    const { statuses } = await exchangeRaw(`http://127.0.0.1:${String(port)}`, { bytes })
    expect(await watch.end()).toBeLessThan(mostBlockedMs)
    expect(process.memoryUsage().rss - before).toBeLessThan(80 * 1024 ** 2)
    expect(statuses).toEqual([200])
    const body = await reading
    expect(body.kind === 'read' && body.rawBody.equals(Buffer.from('0123456789'.repeat(30_000)))).toBe(true)
  })
})

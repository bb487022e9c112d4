import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { inspect } from 'node:util'
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib'
import type { TdsError } from './errors.ts'
import { httpClient, type HttpClientOptions } from './http-client.ts'
import { metricsRegistry } from './metrics.ts'

async function withPeer(listener: RequestListener, use: (url: string) => Promise<void>): Promise<void> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  try {
    await use(`http://127.0.0.1:${String((server.address() as AddressInfo).port)}`)
  } finally {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
}

function client(options: Partial<HttpClientOptions> = {}) {
  return httpClient({ name: 'test', timeoutMs: 5000, maxBytes: 10_000, ...options })
}

async function echo(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await buffer(request)
  response.setHeader(
    'x-seen',
    JSON.stringify({ method: request.method, url: request.url, ...request.headers }),
  )
  response.end(body)
}

function faultOf(asked: Promise<unknown>): Promise<TdsError> {
  return asked.then(
    () => {
      throw new Error('it did not fail')
    },
    (error: unknown) => error as TdsError,
  )
}

describe('httpClient', () => {
  it('sends method, headers and exact bytes, and gives status, headers and bytes back', async () => {
    await withPeer(
      (request, response) => void echo(request, response),
      async (url) => {
        const body = Buffer.from([0, 255, 13, 10, 128])
        const answer = await client().request({
          method: 'POST',
          url: `${url}/path?a=1&b=%20`,
          headers: { Authorization: 'Zoho-oauthtoken x', 'Content-Type': 'application/json' },
          body,
        })
        expect(answer.status).toBe(200)
        expect(answer.body.equals(body)).toBe(true)
        expect(JSON.parse(answer.headers['x-seen'] ?? '')).toMatchObject({
          method: 'POST',
          url: '/path?a=1&b=%20',
          authorization: 'Zoho-oauthtoken x',
          'content-type': 'application/json',
          'user-agent': expect.stringMatching(/^tds-core\//),
        })
      },
    )
  })

  it('adds nothing to a body and guesses no type for it', async () => {
    await withPeer(
      (request, response) => void echo(request, response),
      async (url) => {
        const answer = await client().request({ method: 'POST', url, body: '{"a": 1.10}' })
        expect(answer.body.toString()).toBe('{"a": 1.10}')
        expect(answer.headers['x-seen']).toContain('application/octet-stream')
      },
    )
  })

  it.each([204, 301, 401, 404, 429, 500, 503])(
    'resolves with status %d and follows nothing',
    async (status) => {
      let asked = 0
      await withPeer(
        (_request, response) => {
          asked += 1
          response.writeHead(status, { location: '/elsewhere', 'x-rate-limit-reset': '7' }).end()
        },
        async (url) => {
          const answer = await client().request({ method: 'GET', url })
          expect(answer).toMatchObject({ status, headers: { 'x-rate-limit-reset': '7' } })
          expect(asked).toBe(1)
        },
      )
    },
  )

  it('decompresses, and counts the bytes after that', async () => {
    await withPeer(
      (request, response) => {
        const size = request.url === '/bomb' ? 5_000_000 : 500
        response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(Buffer.alloc(size, 'x')))
      },
      async (url) => {
        const answer = await client().request({ method: 'GET', url })
        expect(answer.body).toHaveLength(500)
        const fault = await faultOf(client().request({ method: 'GET', url: `${url}/bomb` }))
        expect(fault).toMatchObject({ code: 'response_too_large', disposition: 'dead-letter' })
      },
    )
  })

  it.each([
    ['br', brotliCompressSync(Buffer.alloc(5_000_000))],
    ['deflate', deflateSync(Buffer.alloc(5_000_000))],
    ['gzip', gzipSync(Buffer.alloc(5_000_000))],
  ])('is not blown up by %s', async (encoding, bomb) => {
    await withPeer(
      (_request, response) => void response.writeHead(200, { 'content-encoding': encoding }).end(bomb),
      async (url) => {
        const fault = await faultOf(client().request({ method: 'GET', url }))
        expect(fault.code).toBe('response_too_large')
      },
    )
  })

  it('takes a body that is not what its encoding says for a broken connection', async () => {
    await withPeer(
      (_request, response) => void response.writeHead(200, { 'content-encoding': 'gzip' }).end('{"plain":1}'),
      async (url) => {
        const fault = await faultOf(client().request({ method: 'GET', url }))
        expect(fault).toMatchObject({
          code: 'transport',
          disposition: 'retry',
          facts: { reason: 'connection' },
        })
      },
    )
  })

  it('opens one layer of encoding only', async () => {
    const twice = gzipSync(gzipSync(Buffer.alloc(5_000)))
    await withPeer(
      (_request, response) => void response.writeHead(200, { 'content-encoding': 'gzip, gzip' }).end(twice),
      async (url) => {
        const answer = await client().request({ method: 'GET', url })
        expect(answer.body.length).toBeLessThan(5_000)
      },
    )
  })

  it('refuses headers without end', async () => {
    await withPeer(
      (_request, response) => {
        const headers = Object.fromEntries(
          Array.from({ length: 300 }, (_, at) => [`x-more-${String(at)}`, 'x'.repeat(100)]),
        )
        response.writeHead(200, headers).end('{}')
      },
      async (url) => {
        const fault = await faultOf(client().request({ method: 'GET', url }))
        expect(fault).toMatchObject({ code: 'transport', disposition: 'retry' })
      },
    )
  })

  it('does not take a body that was cut off for a whole one', async () => {
    await withPeer(
      (request, response) => {
        response.writeHead(200, { 'content-length': '100' })
        response.write('{"code":0}', () => request.socket.destroy())
      },
      async (url) => {
        const fault = await faultOf(client().request({ method: 'GET', url }))
        expect(fault).toMatchObject({
          code: 'transport',
          disposition: 'retry',
          facts: { reason: 'connection' },
        })
      },
    )
  })

  it('gives up in time when the body drips, and lets the connection go', async () => {
    const closed = Promise.withResolvers<undefined>()
    await withPeer(
      (request, response) => {
        const drip = setInterval(() => response.write('x'), 10)
        request.socket.on('close', () => {
          clearInterval(drip)
          closed.resolve(undefined)
        })
      },
      async (url) => {
        const fault = await faultOf(client({ timeoutMs: 150 }).request({ method: 'GET', url }))
        expect(fault).toMatchObject({ code: 'transport', facts: { reason: 'timeout' } })
        await closed.promise
      },
    )
  })

  it('refuses an answer that is too large, whether it says so or not', async () => {
    await withPeer(
      (request, response) => {
        if (request.url === '/declared') response.setHeader('content-length', 20_000)
        response.end(Buffer.alloc(20_000))
      },
      async (url) => {
        for (const path of ['/declared', '/streamed']) {
          const fault = await faultOf(client().request({ method: 'GET', url: url + path }))
          expect(fault.code).toBe('response_too_large')
        }
      },
    )
  })

  it.each([
    ['nothing comes', (): void => undefined],
    [
      'the body never ends',
      (_request: IncomingMessage, response: ServerResponse): void => {
        response.writeHead(200)
        response.write('a beginning')
      },
    ],
  ])('gives up in time when %s', async (_case, listener: RequestListener) => {
    await withPeer(listener, async (url) => {
      const before = performance.now()
      const fault = await faultOf(client({ timeoutMs: 100 }).request({ method: 'GET', url }))
      expect(fault).toMatchObject({ code: 'transport', disposition: 'retry', facts: { reason: 'timeout' } })
      // Nothing else would ever end it.
      expect(performance.now() - before).toBeLessThan(10_000)
    })
  })

  it('stops when the caller does', async () => {
    const abort = new AbortController()
    await withPeer(
      () => {
        abort.abort()
      },
      async (url) => {
        const fault = await faultOf(client().request({ method: 'GET', url, signal: abort.signal }))
        expect(fault).toMatchObject({ code: 'transport', facts: { reason: 'aborted' } })
      },
    )
  })

  it('F-34: tells a refused connection, an unknown name, a broken connection and a bad certificate apart', async () => {
    let url = ''
    await withPeer(
      (request) => {
        request.socket.destroy()
      },
      async (peer) => {
        url = peer
        const broken = await faultOf(client().request({ method: 'GET', url }))
        expect(broken).toMatchObject({
          code: 'transport',
          disposition: 'retry',
          facts: { reason: 'connection' },
        })
        const plain = await faultOf(client().request({ method: 'GET', url: url.replace('http:', 'https:') }))
        expect(plain.code).toBe('transport')
      },
    )
    const refused = await faultOf(client().request({ method: 'GET', url }))
    expect(refused).toMatchObject({ facts: { reason: 'refused', systemCode: 'ECONNREFUSED' } })
    const unknown = await faultOf(client().request({ method: 'GET', url: 'http://nowhere.invalid/' }))
    expect(unknown).toMatchObject({ facts: { reason: 'dns' } })
  })

  it('lets no secret of the request into the error', async () => {
    const asked = client().request({
      method: 'POST',
      url: 'http://user:canary@127.0.0.1:1/token?refresh_token=canary',
      headers: { authorization: 'canary' },
      body: 'canary',
    })
    const fault = await faultOf(asked)
    expect(inspect(fault, { depth: 10 })).toContain('http://127.0.0.1:1/token')
    expect(inspect(fault, { depth: 10 })).not.toContain('canary')
  })

  it.each(['not an address', 'ftp://host/', 'file:///etc/passwd'])('refuses %j', async (url) => {
    await expect(client().request({ method: 'GET', url })).rejects.toMatchObject({
      code: 'invalid_url',
      disposition: 'reject',
    })
  })

  it('keeps a connection for the next request', async () => {
    const ports = new Set<number | undefined>()
    await withPeer(
      (request, response) => {
        ports.add(request.socket.remotePort)
        response.end('ok')
      },
      async (url) => {
        const one = client()
        await one.request({ method: 'GET', url })
        await one.request({ method: 'GET', url })
        expect(ports.size).toBe(1)
      },
    )
  })

  it('counts requests by outcome', async () => {
    await withPeer(
      (_request, response) => void response.writeHead(429).end(),
      async (url) => {
        await client({ name: 'counted' }).request({ method: 'GET', url })
        await faultOf(client({ name: 'counted' }).request({ method: 'GET', url: 'http://127.0.0.1:1/' }))
        const told = await metricsRegistry.getSingleMetricAsString('tds_http_client_requests_total')
        expect(told).toContain('tds_http_client_requests_total{client="counted",outcome="4xx"} 1')
        expect(told).toContain('tds_http_client_requests_total{client="counted",outcome="refused"} 1')
      },
    )
  })

  it.each(['127.0.0.1', 'localhost'])(
    'opens no connection to an address that it may not connect to, named or literal: %s',
    async (host) => {
      let asked = 0
      await withPeer(
        (_request, response) => {
          asked += 1
          response.end()
        },
        async (url) => {
          const judged: string[] = []
          const careful = client({
            mayConnectTo: (address) => {
              judged.push(address)
              return false
            },
          })
          const target = url.replace('127.0.0.1', host)
          const fault = await faultOf(careful.request({ method: 'GET', url: target }))
          expect(fault).toMatchObject({ code: 'address_refused', disposition: 'reject' })
          expect(judged.every((address) => /^(?:127\.|::1$)/.test(address))).toBe(true)
          expect(judged).not.toEqual([])
        },
      )
      expect(asked).toBe(0)
    },
  )

  it('connects where it may', async () => {
    await withPeer(
      (_request, response) => response.end('ok'),
      async (url) => {
        const careful = client({ mayConnectTo: () => true })
        const answer = await careful.request({ method: 'GET', url: url.replace('127.0.0.1', 'localhost') })
        expect(answer.body.toString()).toBe('ok')
      },
    )
  })
})

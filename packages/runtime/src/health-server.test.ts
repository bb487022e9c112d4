import { once } from 'node:events'
import { request, type IncomingMessage } from 'node:http'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { healthServer, type HealthServerOptions } from './health-server.ts'
import { createHealth, type Health } from './health.ts'
import { captureLogs } from './testing/capture-logs.ts'
import { describeService } from './testing/service-contract.ts'

const health = createHealth({
  daemon: 'worker',
  version: '1.2.3',
  checks: [],
  ready: () => ({ ready: true, detail: 'works' }),
})

function serverWith(options: Partial<HealthServerOptions> = {}) {
  return healthServer({ name: 'health-server', host: '127.0.0.1', port: 0, health, ...options })
}

async function withServer(
  use: (port: number) => Promise<void>,
  options: Partial<HealthServerOptions> = {},
): Promise<void> {
  captureLogs()
  const server = serverWith(options)
  await server.start()
  try {
    await use(server.port())
  } finally {
    await server.stop()
  }
}

async function ask(port: number, { path = '/health', method = 'GET', headers = {} } = {}) {
  const sent = request({ host: '127.0.0.1', port, path, method, headers, agent: false })
  const answered = once(sent, 'response') as Promise<[IncomingMessage]>
  sent.end()
  const [response] = await answered
  return { status: response.statusCode, headers: response.headers, body: await text(response) }
}

describeService('healthServer', () => ({ service: serverWith() }))

describe('healthServer', () => {
  it('serves the four paths, whatever the query', async () => {
    await withServer(async (port) => {
      const paths = ['/health', '/health/live?x=1', '/health/ready', '/metrics']
      const statuses = await Promise.all(paths.map(async (path) => (await ask(port, { path })).status))
      expect(statuses).toEqual([200, 200, 200, 200])
    })
  })

  it('answers HEAD with the headers of GET and no body', async () => {
    await withServer(async (port) => {
      const got = await ask(port, { path: '/health/live' })
      const head = await ask(port, { path: '/health/live', method: 'HEAD' })
      expect(head.body).toBe('')
      expect(head.headers['content-length']).toBe(got.headers['content-length'])
      expect(got.headers).toMatchObject({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' })
    })
  })

  it.each(['POST', 'PUT', 'DELETE', 'OPTIONS'])(
    'refuses %s with 405 and says what it takes',
    async (method) => {
      await withServer(async (port) => {
        const { status, headers, body } = await ask(port, { method })
        expect(status).toBe(405)
        expect(headers.allow).toBe('GET, HEAD')
        expect(JSON.parse(body)).toMatchObject({
          type: 'about:blank',
          title: 'Method Not Allowed',
          status: 405,
        })
      })
    },
  )

  it('answers anything else with a problem document of 404 that carries the request id', async () => {
    await withServer(async (port) => {
      const { status, headers, body } = await ask(port, { path: '/admin' })
      expect(status).toBe(404)
      expect(headers['content-type']).toBe('application/problem+json')
      expect(JSON.parse(body)).toMatchObject({ status: 404, requestId: headers['x-request-id'] })
    })
  })

  it('refuses metrics that were asked for through a proxy', async () => {
    await withServer(async (port) => {
      expect((await ask(port, { path: '/metrics', headers: { 'X-Forwarded-For': '1.2.3.4' } })).status).toBe(
        403,
      )
    })
  })

  it('answers a bug with 500 and tells nothing of it', async () => {
    const broken: Health = { ...health, report: () => Promise.reject(new Error('canary')) }
    await withServer(
      async (port) => {
        const { status, body } = await ask(port)
        expect(status).toBe(500)
        expect(body).not.toContain('canary')
      },
      { health: broken },
    )
  })

  it('closes a connection that does not finish its headers', async () => {
    await withServer(
      async (port) => {
        const socket = connect(port, '127.0.0.1')
        socket.write('GET /health HTTP/1.1\r\nHost: x\r\nX-Slow: ')
        expect(await text(socket)).toContain('408 Request Timeout')
      },
      { headersTimeoutMs: 100 },
    )
  })

  it('says which variable to change when the port is taken', async () => {
    await withServer(async (port) => {
      const second = serverWith({ port, portVariable: 'WORKER_HEALTH_PORT' })
      await expect(second.start()).rejects.toMatchObject({
        code: 'port_in_use',
        message: `health-server: 127.0.0.1:${String(port)} is in use`,
        nextStep: 'Set WORKER_HEALTH_PORT to another port, or stop what listens there.',
      })
    })
  })

  it('says so when it cannot listen for another reason', async () => {
    await expect(serverWith({ host: '203.0.113.1' }).start()).rejects.toMatchObject({ code: 'listen_failed' })
  })

  it('does not wait on stop for connections that are only kept open', async () => {
    const server = serverWith()
    await server.start()
    const socket = connect(server.port(), '127.0.0.1')
    socket.write('GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n')
    await once(socket, 'data')
    const before = performance.now()
    await server.stop()
    // By itself it would be closed after 5 s.
    expect(performance.now() - before).toBeLessThan(4000)
    socket.destroy()
  })

  it('finishes the answer it is giving before it stops', async () => {
    const { promise, resolve } = Promise.withResolvers<undefined>()
    const asked = Promise.withResolvers<undefined>()
    const slow: Health = {
      ...health,
      readiness: async () => {
        asked.resolve(undefined)
        await promise
        return { ready: true, detail: 'at last' }
      },
    }
    const server = serverWith({ health: slow })
    await server.start()
    const answer = ask(server.port(), { path: '/health/ready' })
    await asked.promise
    const stopped = server.stop()
    resolve(undefined)
    expect((await answer).status).toBe(200)
    await stopped
  })
})

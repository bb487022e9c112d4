import {
  createHealth,
  healthEndpoints,
  type HealthCheck,
  type HealthOptions,
  type HealthResult,
} from './health.ts'
import { gauge } from './metrics.ts'
import { captureLogs } from './testing/capture-logs.ts'

function says(name: string, status: HealthResult['status']): HealthCheck {
  return { name, check: () => ({ status, detail: `${name} is ${status}` }) }
}

function setup(options: Partial<HealthOptions> = {}) {
  const health = createHealth({
    daemon: 'worker',
    version: '1.2.3',
    checks: [says('database', 'healthy')],
    ready: () => ({ ready: true, detail: 'works' }),
    ...options,
  })
  const answer = healthEndpoints(health)
  return {
    health,
    logs: captureLogs(),
    get: async (path: string, headers = {}) => {
      const found = await answer(path, headers)
      return { ...found, json: (): unknown => JSON.parse(found?.body ?? 'null') }
    },
  }
}

describe('/health', () => {
  it('reports daemon, version, uptime and each check by name', async () => {
    const { get } = setup()
    const { status, contentType, json } = await get('/health')
    expect(status).toBe(200)
    expect(contentType).toBe('application/json; charset=utf-8')
    expect(json()).toEqual({
      status: 'healthy',
      daemon: 'worker',
      version: '1.2.3',
      uptimeSeconds: 0,
      checks: [{ name: 'database', status: 'healthy', detail: 'database is healthy' }],
    })
  })

  it.each([
    [['healthy', 'degraded'], 'degraded', 200],
    [['unhealthy', 'degraded', 'healthy'], 'unhealthy', 503],
    [[], 'healthy', 200],
  ] as const)('is as well as the worst of %j', async (statuses, expected, httpStatus) => {
    const { get } = setup({ checks: statuses.map((status, index) => says(String(index), status)) })
    const { status, json } = await get('/health')
    expect(status).toBe(httpStatus)
    expect(json()).toMatchObject({ status: expected })
  })

  it('takes a check that throws, at once or later, for unhealthy, and tells no secret', async () => {
    const thrown = new Error('cannot connect to postgres://tds:canary@db')
    const { get, logs } = setup({
      checks: [
        {
          name: 'sudden',
          check: () => {
            throw thrown
          },
        },
        { name: 'later', check: () => Promise.reject(thrown) },
      ],
    })
    const first = await get('/health')
    const second = await get('/health')
    expect(first.status).toBe(503)
    expect(first.json()).toMatchObject({
      checks: [
        { status: 'unhealthy', detail: 'cannot connect to postgres://[redacted]@db' },
        { status: 'unhealthy' },
      ],
    })
    expect(second.json()).toEqual(first.json())
    expect(logs.text()).not.toContain('canary')
  })

  it('takes a check that gives no answer in time for unhealthy, and does not ask it again meanwhile', async () => {
    let asked = 0
    const { promise, resolve } = Promise.withResolvers<HealthResult>()
    const slow: HealthCheck = {
      name: 'slow',
      check: () => {
        asked += 1
        return promise
      },
    }
    const { get } = setup({ checks: [slow, says('quick', 'healthy')], checkTimeoutMs: 20 })
    const late = await get('/health')
    expect(late.json()).toMatchObject({
      status: 'unhealthy',
      checks: [{ status: 'unhealthy', detail: 'no answer within 0.02 s' }, { status: 'healthy' }],
    })
    await get('/health')
    expect(asked).toBe(1)
    resolve({ status: 'healthy', detail: 'there' })
    await promise
    expect((await get('/health')).status).toBe(200)
    expect((await get('/health')).status).toBe(200)
    expect(asked).toBeGreaterThan(1)
  })

  it('asks each check once for questions at the same time', async () => {
    let asked = 0
    const counted: HealthCheck = {
      name: 'counted',
      check: async () => {
        asked += 1
        return Promise.resolve({ status: 'healthy', detail: 'fine' })
      },
    }
    const { get } = setup({ checks: [counted] })
    await Promise.all([get('/health'), get('/health'), get('/health')])
    expect(asked).toBe(1)
  })

  it('tells facts without personal data or secrets', async () => {
    const check: HealthCheck = {
      name: 'zoho',
      check: () => ({ status: 'healthy', detail: 'fine', facts: { token: 'canary', callsLeft: 90 } }),
    }
    const { json } = await setup({ checks: [check] }).get('/health')
    expect(json()).toMatchObject({ checks: [{ facts: { token: '[redacted]', callsLeft: 90 } }] })
  })

  it('works with a check that is an object with state of its own', async () => {
    class Counting implements HealthCheck {
      readonly name = 'counting'
      private readonly result: HealthResult = { status: 'healthy', detail: 'from a field' }
      check(): HealthResult {
        return this.result
      }
    }
    const { json } = await setup({ checks: [new Counting()] }).get('/health')
    expect(json()).toMatchObject({ checks: [{ name: 'counting', detail: 'from a field' }] })
  })
})

describe('/health/live', () => {
  it('is 200 whatever the checks say', async () => {
    const { get } = setup({
      checks: [says('database', 'unhealthy')],
      ready: () => ({ ready: false, detail: 'no' }),
    })
    expect((await get('/health/live')).status).toBe(200)
  })
})

describe('/health/ready', () => {
  it('is 200 when ready and 503 with the reason when not', async () => {
    let ready = false
    const { get } = setup({ ready: () => ({ ready, detail: 'waiting for the database' }) })
    const before = await get('/health/ready')
    expect(before.status).toBe(503)
    expect(before.json()).toEqual({ ready: false, detail: 'waiting for the database' })
    ready = true
    expect((await get('/health/ready')).status).toBe(200)
  })

  it('is 503 when readiness itself cannot be told', async () => {
    const { get } = setup({ ready: () => Promise.reject(new Error('password=canary')) })
    const answer = await get('/health/ready')
    expect(answer.status).toBe(503)
    expect(answer.json()).toEqual({ ready: false, detail: 'password=[redacted]' })
  })
})

describe('/metrics', () => {
  it('prints what is measured, with build and process', async () => {
    gauge({ name: 'tds_shown', help: 'x' }).set(3)
    const { status, contentType, body } = await setup().get('/metrics')
    expect(status).toBe(200)
    expect(contentType).toContain('text/plain')
    expect(body).toContain('tds_shown 3')
    expect(body).toContain('tds_build_info{daemon="worker",version="1.2.3"} 1')
    expect(body).toContain('nodejs_eventloop_lag_seconds')
  })

  it.each(['x-forwarded-for', 'x-forwarded-proto', 'x-forwarded-host', 'x-real-ip', 'forwarded'])(
    'refuses a request with %s',
    async (header) => {
      const { status, contentType, body } = await setup().get('/metrics', { [header]: '10.0.0.1' })
      expect(status).toBe(403)
      expect(contentType).toBe('application/problem+json')
      expect(body).not.toContain('tds_')
    },
  )

  it('serves the others through a proxy too', async () => {
    expect((await setup().get('/health', { 'x-forwarded-for': '10.0.0.1' })).status).toBe(200)
  })
})

describe('healthEndpoints', () => {
  it.each(['/', '/health/', '/health/other', '/metrics/x', '/HEALTH'])('does not know %s', async (path) => {
    expect(await healthEndpoints(setup().health)(path, {})).toBeNull()
  })
})

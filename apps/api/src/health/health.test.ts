import { startApiWorld, type ApiWorld } from '../testing/api-world.ts'

let world: ApiWorld

beforeAll(async () => {
  world = await startApiWorld()
})
afterAll(async () => {
  await world.stop()
})

const body = '{"item":{"item_id":"1","last_modified_time":"2026-07-21T16:03:55+0100"}}'

describe('health of the api', () => {
  it('is ready once its database is there', async () => {
    expect(await get('/health/ready')).toMatchObject({ status: 200, body: { ready: true } })
    expect(await get('/health/live')).toMatchObject({ status: 200, body: { status: 'live' } })
  })

  it('names each check with what it found', async () => {
    const { body: report } = await get('/health')
    const names = (report['checks'] as { name: string }[]).map(({ name }) => name)
    expect(report).toMatchObject({ daemon: 'api', status: expect.stringMatching(/^(degraded|unhealthy)$/) })
    expect(names).toEqual(
      expect.arrayContaining(['database', 'waiting events', 'quarantine', 'workers', 'last success']),
    )
  })

  it('is unhealthy when events wait and no worker lives', async () => {
    await world.deliver('/webhooks/products', body)
    await expect(statusOf('workers')).resolves.toBe('unhealthy')
    expect((await get('/health')).status).toBe(503)
  })

  it('is degraded by types whose events fail while none succeeds', async () => {
    await logOutcome('dead_letter', '1 minute')
    await expect(statusOf('last success')).resolves.toBe('degraded')
    await logOutcome('applied', '30 minutes')
    await expect(statusOf('last success')).resolves.toBe('degraded')
    await logOutcome('applied', '0 minutes')
    await expect(statusOf('last success')).resolves.toBe('healthy')
  })

  it('registers the api and its heartbeat', async () => {
    const { rows } = await world.db.query('SELECT name, stopped_at FROM tds_daemons')
    expect(rows).toEqual([{ name: 'api', stopped_at: null }])
  })
})

describe('/metrics', () => {
  it('tells how deliveries fare', async () => {
    await world.deliver('/webhooks/products', body)
    const { status, text } = await get('/metrics')
    expect(status).toBe(200)
    for (const figure of [
      /^tds_webhook_requests_total\{resource="products",answer="(accepted|duplicate)"\} \d/m,
      /^tds_webhook_seconds_bucket\{le="0.025",answer="accepted"\} \d/m,
      /^tds_webhook_authentic_total\{by="signature",secret="0",form="documented"\} \d/m,
      /^tds_intake_batch_events_count \d/m,
      /^tds_intake_held_events\{state="waiting"\} 0/m,
      /^tds_intake_held_events\{state="storing"\} 0/m,
    ]) {
      expect(text).toMatch(figure)
    }
  })

  it.each(['x-forwarded-for', 'x-real-ip', 'forwarded'])('is refused through a proxy (%s)', async (name) => {
    const answer = await world.send({ method: 'GET', path: '/metrics', headers: { [name]: '203.0.113.9' } })
    expect(answer.status).toBe(403)
    expect(answer.text).not.toContain('tds_')
  })
})

async function get(path: string) {
  return world.send({ method: 'GET', path, headers: {} })
}

async function statusOf(check: string): Promise<unknown> {
  // The checks share their answer for a second.
  await world.db.query('SELECT pg_sleep(1.1)')
  const { body: report } = await get('/health')
  return (report['checks'] as { name: string; status: string }[]).find(({ name }) => name === check)?.status
}

async function logOutcome(outcome: string, ago: string): Promise<void> {
  await world.db.query(
    `INSERT INTO tds_sync_logs (organization_id, entity_type, operation, outcome, logged_at)
     VALUES ('1', 'product', 'update', $1, tds_now() - $2::interval)`,
    [outcome, ago],
  )
}

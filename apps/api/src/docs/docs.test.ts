import { readdir, readFile } from 'node:fs/promises'
import supertest from 'supertest'
import { startApiWorld, type ApiWorld } from '../testing/api-world.ts'
import { requireDescribed } from '../testing/require-described.ts'
import { docsPaths } from './docs-handler.ts'

let world: ApiWorld

beforeAll(async () => {
  world = await startApiWorld({ env: { PUBLIC_URL: 'https://tds.example/' } })
})
afterAll(async () => {
  await world.stop()
})

describe('/docs', () => {
  it('is a page whose scripts and styles all come from our own origin', async () => {
    const { text } = await supertest(world.apiUrl)
      .get('/docs')
      .expect(200)
      .expect('content-type', /^text\/html/)
    const loaded = [...text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, path]) => path)
    expect(loaded).toEqual(expect.arrayContaining(['/docs/swagger-ui-bundle.js', '/docs/open.js']))
    for (const path of loaded) await supertest(world.apiUrl).get(String(path)).expect(200)
    expect(text).not.toMatch(/<script>|<style|\son\w+=|javascript:|https?:/)
  })

  it('is under a policy without inline scripts and without any other origin', async () => {
    for (const path of docsPaths()) {
      const { headers } = await supertest(world.apiUrl).get(path).expect(200)
      const policy = String(headers['content-security-policy'])
      expect(policy.split(';').map((directive) => directive.trim())).toEqual([
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
      ])
      expect(headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'x-frame-options': 'DENY' })
      expect(headers).not.toHaveProperty('x-powered-by')
    }
  })

  it.each([
    '/docs/swagger-ui-bundle.js.map',
    '/docs/package.json',
    '/docs/index.html',
    '/docs/../package.json',
  ])('does not serve %s of the folder its files come from', async (path) => {
    expect(await world.send({ method: 'GET', path, headers: {} })).toMatchObject({ status: 404 })
  })

  it('is read only', async () => {
    expect(await world.send({ method: 'POST', path: '/docs', headers: {} })).toMatchObject({
      status: 405,
      headers: { allow: 'GET, HEAD' },
    })
  })
})

describe('/docs/operations/alerts', () => {
  const folder = new URL('../../../../docs/operations/alerts/', import.meta.url)

  it('has every page that an alert links to, as text that a browser shows', async () => {
    const names = await readdir(folder)
    expect(names).toEqual(expect.arrayContaining(['README.md', 'breaker_open.md', 'alerter_down.md']))
    for (const name of names) {
      const { text } = await supertest(world.apiUrl)
        .get(`/docs/operations/alerts/${name}`)
        .expect(200)
        .expect('content-type', 'text/plain; charset=utf-8')
      expect(text).toBe(await readFile(new URL(name, folder), 'utf8'))
    }
  })

  it.each([
    '/docs/operations/alerts',
    '/docs/operations/alerts/',
    '/docs/operations/alerts/unknown',
    '/docs/operations/alerts/breaker_open',
    '/docs/operations/alerts/../receivers.md',
    '/docs/operations/alerts/..%2freceivers.md',
    '/docs/operations/alerts/%2e%2e/%2e%2e/%2e%2e/package.json',
    '/docs/operations/alerts/..%5c..%5creceivers.md',
    '/docs/operations/alerts//etc/passwd',
    '/docs/operations/alerts/breaker_open.md%00',
    '/docs/operations/receivers.md',
  ])('does not serve %s', async (path) => {
    expect(await world.send({ method: 'GET', path, headers: {} })).toMatchObject({ status: 404 })
  })

  it('is read only', async () => {
    const path = '/docs/operations/alerts/breaker_open.md'
    await supertest(world.apiUrl).head(path).expect(200)
    for (const method of ['POST', 'PUT', 'DELETE'])
      expect(await world.send({ method, path, headers: {} })).toMatchObject({
        status: 405,
        headers: { allow: 'GET, HEAD' },
      })
  })
})

describe('/openapi.json', () => {
  it('describes every route, at the public address', async () => {
    const { body } = await world.send({ method: 'GET', path: '/openapi.json', headers: {} })
    expect(body).toMatchObject({ openapi: '3.1.1', servers: [{ url: 'https://tds.example' }] })
    const paths = Object.keys(body['paths'] as object)
    expect(paths).toEqual(
      expect.arrayContaining([
        '/webhooks/products',
        '/webhooks/items/deleted',
        '/health',
        '/metrics',
        '/docs',
      ]),
    )
    // What is described is there: nothing of it is answered with 404.
    for (const path of paths) {
      const method = path.startsWith('/webhooks/') ? 'POST' : 'GET'
      const { status } = await world.send({ method, path, headers: {} })
      expect({ path, status }).not.toMatchObject({ status: 404 })
    }
  })

  it('gives every operation a name of its own', async () => {
    const { body } = await world.send({ method: 'GET', path: '/openapi.json', headers: {} })
    const operations = Object.values(
      body['paths'] as Record<string, Record<string, { operationId?: string }>>,
    )
    const names = operations.flatMap((path) =>
      Object.values(path).flatMap(({ operationId }) => operationId ?? []),
    )
    expect(new Set(names).size).toBe(names.length)
    expect(names.length).toBeGreaterThan(10)
  })

  it('is what the tests hold every answer against, and an answer that is not in it fails them', () => {
    const answer = { status: 202, headers: { 'content-type': 'application/json', 'x-request-id': 'a' } }
    const request = { method: 'POST', path: '/webhooks/products' }
    const check =
      (body: object, status = 202) =>
      () => {
        requireDescribed(request, { ...answer, status, body })
      }
    const eventId = '2f1c3d7e-8a7b-5c6d-9e0f-1a2b3c4d5e6f'
    expect(check({ eventId, status: 'accepted' })).not.toThrow()
    expect(check({ eventId: 'x', status: 'accepted' })).toThrow('not as described')
    expect(check({ eventId, status: 'spooled' })).not.toThrow()
    expect(check({ eventId, status: 'lost' })).toThrow('not as described')
    expect(check({ eventId, status: 'accepted' }, 204)).toThrow('has no POST /webhooks/products → 204')
  })
})

import { textOf } from '../exact/fields.ts'
import { testBench } from '../testing/api-client.ts'

describe('the token endpoint', () => {
  it.each(['query', 'form'] as const)('hands out a token for an hour, asked by %s', async (place) => {
    await using bench = await testBench()
    const { status, body } = await bench.token({}, place)
    expect(status).toBe(200)
    expect(Object.keys(body)).toEqual(['access_token', 'api_domain', 'token_type', 'expires_in'])
    expect(body['access_token']).toMatch(/^1000\.[0-9a-f]{32}\.[0-9a-f]{32}$/)
    expect(body).toMatchObject({ token_type: 'Bearer', api_domain: bench.url })
  })

  it.each([
    [{ refresh_token: 'other' }, 'invalid_code'],
    [{ client_id: 'other' }, 'invalid_client'],
    [{ client_secret: 'other' }, 'invalid_client_secret'],
    [{ grant_type: 'password' }, 'general_error'],
  ])('refuses %j under status 200', async (parameters, error) => {
    await using bench = await testBench()
    expect(await bench.token(parameters)).toMatchObject({ status: 200, body: { error } })
  })

  it('denies access after so many tokens in ten minutes, and relents afterwards', async () => {
    await using bench = await testBench({ tokenThrottle: { perTenMinutes: 3, status: 400 } })
    await bench.token()
    await bench.token()
    const refused = await bench.token()
    expect(refused).toMatchObject({ status: 400, body: { error: 'Access Denied', status: 'failure' } })
    bench.simulator.advanceClock(600_000)
    expect((await bench.token()).body).toHaveProperty('access_token')
  })

  it('ends the oldest token when one too many lives', async () => {
    await using bench = await testBench({ liveTokens: 2 })
    await bench.token()
    expect((await bench.get('/books/v3/items')).status).toBe(200)
    await bench.token()
    expect(await bench.get('/books/v3/items')).toMatchObject({ status: 401 })
  })

  it('revokes a token', async () => {
    await using bench = await testBench()
    const token = textOf((await bench.token()).body, 'access_token')
    const authorization = { Authorization: `Zoho-oauthtoken ${token}` }
    expect((await bench.get('/books/v3/bills', {}, authorization)).status).toBe(200)
    const revoked = await fetch(`${bench.url}/oauth/v2/token/revoke?token=${token}`, { method: 'POST' })
    expect(await revoked.json()).toEqual({ status: 'success' })
    expect((await bench.get('/books/v3/bills', {}, authorization)).status).toBe(401)
  })
})

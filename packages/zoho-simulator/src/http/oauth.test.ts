import { textOf } from '../exact/fields.ts'
import { writeJson } from '../exact/json.ts'
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

  it.each([undefined, 200] as const)(
    'denies the eleventh token in ten minutes, with status %p, and relents when the first is ten minutes old',
    async (tokenThrottleStatus) => {
      // The bench has taken the first of the ten.
      await using bench = await testBench({ tokenThrottleStatus })
      bench.simulator.advanceClock(60_000)
      for (let taken = 1; taken < 10; taken++)
        expect((await bench.token()).body).toHaveProperty('access_token')
      expect(await bench.token()).toMatchObject({
        status: tokenThrottleStatus ?? 400,
        body: {
          error: 'Access Denied',
          error_description:
            'You have made too many requests continuously. Please try again after some time.',
          status: 'failure',
        },
      })
      bench.simulator.advanceClock(539_000)
      expect((await bench.token()).body).not.toHaveProperty('access_token')
      bench.simulator.advanceClock(1000)
      expect((await bench.token()).body).toHaveProperty('access_token')
      expect((await bench.token()).body).not.toHaveProperty('access_token')
    },
  )

  it('ends the oldest of fifteen tokens with the sixteenth', async () => {
    await using bench = await testBench({ tokensPerTenMinutes: null })
    for (let taken = 1; taken < 15; taken++) await bench.token()
    expect((await bench.get('/books/v3/items')).status).toBe(200)
    const youngest = textOf((await bench.token()).body, 'access_token')
    expect(await bench.get('/books/v3/items')).toMatchObject({ status: 401 })
    const authorization = { Authorization: `Zoho-oauthtoken ${youngest}` }
    expect((await bench.get('/books/v3/items', {}, authorization)).status).toBe(200)
  })

  it('lets a token live as long as told', async () => {
    await using bench = await testBench({ tokenLifeSeconds: 60 })
    expect(writeJson((await bench.token()).body['expires_in'] ?? null)).toBe('60')
    bench.simulator.advanceClock(60_000)
    expect((await bench.get('/books/v3/items')).status).toBe(401)
  })

  it('can answer as it once did, in milliseconds, and name another host', async () => {
    await using bench = await testBench({ tokenAnswer: 'milliseconds', apiDomain: 'https://www.zohoapis.eu' })
    const { body } = await bench.token()
    expect(writeJson({ a: body['expires_in_sec'] ?? null, b: body['expires_in'] ?? null })).toBe(
      '{"a":3600,"b":3600000}',
    )
    expect(body['api_domain']).toBe('https://www.zohoapis.eu')
  })

  it('refuses the refresh token once it is revoked, with every token that came of it', async () => {
    await using bench = await testBench()
    const { refreshToken } = bench.simulator.access.credentials
    const revoke = () => fetch(`${bench.url}/oauth/v2/token/revoke?token=${refreshToken}`, { method: 'POST' })
    expect(await (await revoke()).json()).toEqual({ status: 'success' })
    expect((await bench.get('/books/v3/items')).status).toBe(401)
    expect(await bench.token()).toMatchObject({ status: 200, body: { error: 'invalid_code' } })
    expect(await (await revoke()).json()).toEqual({ error: 'invalid_token' })
    bench.simulator.switchboard.set({ refreshTokenRevoked: false })
    expect((await bench.token()).body).toHaveProperty('access_token')
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

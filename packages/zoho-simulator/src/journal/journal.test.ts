import { objectsOf, textOf } from '../exact/fields.ts'
import { writeJson } from '../exact/json.ts'
import { testBench } from '../testing/api-client.ts'

const bills = '/books/v3/bills'

describe('the journal', () => {
  it('tells of every call what it was, who made it and what came of it', async () => {
    await using bench = await testBench({ callsPerMinute: 1 })
    bench.simulator.clearCalls()
    await bench.get(bills, { page: '1' })
    await bench.get('/books/v3/nothing')
    await bench.get(bills)
    bench.simulator.faults.add({ fault: 'reset', next: 1 })
    await bench.get('/books/v3/organizations').catch(() => undefined)
    await bench.token({ client_id: 'other' })
    const { body } = await bench.control('GET', '/calls')
    const shown = objectsOf(body, 'calls').map((entry) =>
      ['kind', 'path', 'token', 'status', 'code', 'refusedBy', 'fault']
        .map((key) => writeJson(entry[key] ?? null))
        .join(' '),
    )
    expect(shown).toEqual([
      '"api" "/books/v3/bills" 1 200 0 null null',
      '"api" "/books/v3/nothing" 1 404 5 null null',
      '"api" "/books/v3/bills" 1 429 44 "minute" null',
      '"api" "/books/v3/organizations" 1 null null null "reset"',
      '"token" "/oauth/v2/token" null 200 "invalid_client" null null',
    ])
    expect(bench.simulator.journal.entries()[0]).toMatchObject({
      at: '2026-09-01T12:30:00+0300',
      method: 'GET',
      organization: '738204165',
      query: 'organization_id=738204165&page=1',
      inFlight: 1,
      inMinute: 1,
    })
  })

  it('holds neither secrets nor tokens', async () => {
    await using bench = await testBench()
    const token = textOf((await bench.token({}, 'query')).body, 'access_token')
    await bench.get(bills)
    const { text } = await bench.control('GET', '/calls')
    const { clientSecret, refreshToken } = bench.simulator.access.credentials
    for (const secret of [clientSecret, refreshToken, token]) expect(text).not.toContain(secret)
  })

  it('chooses by path, kind, status, code, number and how many', async () => {
    await using bench = await testBench()
    await bench.get(bills)
    await bench.get('/books/v3/invoices/1')
    const numbers = async (query: string) =>
      objectsOf((await bench.control('GET', `/calls?${query}`)).body, 'calls').map(({ number }) =>
        Number(writeJson(number ?? null)),
      )
    expect(await numbers('kind=token')).toEqual([1])
    expect(await numbers('path=bills')).toEqual([2])
    expect(await numbers('status=404')).toEqual([3])
    expect(await numbers('code=1002')).toEqual([3])
    expect(await numbers('after=1&limit=1')).toEqual([3])
    expect(await numbers('limit=0')).toEqual([])
    expect((await bench.control('GET', '/calls?limit=x')).status).toBe(400)
  })
})

describe('the counters', () => {
  it('prove what a client did: its most in a minute, its most at once, and every 429 by its cause', async () => {
    await using bench = await testBench({ callsPerMinute: 4, latencyMs: 50 })
    await Promise.all([bench.get(bills), bench.get(bills), bench.get(bills)])
    bench.simulator.advanceClock(61_000)
    bench.simulator.faults.add({ fault: 'rate-limited', next: 1 })
    for (let call = 0; call < 6; call++) await bench.get(bills)
    expect(bench.simulator.callCounts()).toMatchObject({
      calls: 9,
      byStatus: { 200: 7, 429: 2 },
      byCode: { 0: 7, 44: 2 },
      refusedBy: { 'in-flight': 0, minute: 1, day: 0 },
      faults: { 'rate-limited': 1 },
      unanswered: 0,
      mostInMinute: 4,
      mostInFlight: 3,
    })
  })

  it('count tokens issued and refused', async () => {
    await using bench = await testBench({ tokensPerTenMinutes: 2 })
    await bench.token()
    await bench.token()
    await bench.token({ refresh_token: 'x' })
    const { body } = await bench.control('GET', '/counters')
    expect(writeJson({ a: body['tokenRequests'] ?? 0, b: body['tokensIssued'] ?? 0 })).toBe('{"a":4,"b":2}')
    expect(bench.simulator.callCounts().tokensRefused).toEqual({ 'Access Denied': 1, invalid_code: 1 })
  })

  it('begin anew when the calls are cleared, and the limits do not', async () => {
    await using bench = await testBench({ callsPerMinute: 1 })
    await bench.get(bills)
    await bench.control('DELETE', '/calls')
    expect(bench.simulator.callCounts()).toMatchObject({ calls: 0, tokenRequests: 0, mostInMinute: 0 })
    expect(bench.simulator.journal.entries()).toEqual([])
    expect((await bench.get(bills)).status).toBe(429)
  })
})

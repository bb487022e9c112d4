import { objectOf, objectsOf, textOf } from '../exact/fields.ts'
import { testBench } from '../testing/api-client.ts'
import type { FaultRule } from './fault-book.ts'
import type { FaultName } from './faults.ts'

type Bench = Awaited<ReturnType<typeof testBench>>

const bills = '/books/v3/bills'

async function ids(bench: Bench, parameters: Record<string, string> = {}): Promise<unknown[]> {
  const { body } = await bench.get(bills, parameters)
  return objectsOf(body, 'bills').map((row) => row['bill_id'])
}

async function hasMore(bench: Bench, parameters: Record<string, string>): Promise<unknown> {
  return objectOf((await bench.get(bills, parameters)).body, 'page_context')['has_more_page']
}

/** A bench whose calls meet a fault, and the ids that they would have got. */
async function faulty(rule: FaultRule) {
  const bench = await testBench()
  const before = await ids(bench)
  bench.simulator.faults.add(rule)
  return Object.assign(bench, { before })
}

describe('a fault that answers in place of Zoho', () => {
  it.each<[FaultName, number, string]>([
    ['html-page', 503, '<html><body><h1>503 Service Unavailable</h1></body></html>'],
    ['empty-body', 502, ''],
    ['internal-error', 500, '{"code":1000,"message":"Internal Error"}'],
    ['unauthorized', 401, '{"code":57,"message":"You are not authorized to perform this operation"}'],
    ['not-there', 404, '{"code":1002,"message":"Record does not exist."}'],
    ['not-accessible', 404, '{"code":1002,"message":"Record is not accessible."}'],
    ['invalid-url', 404, '{"code":5,"message":"Invalid URL Passed"}'],
  ])('%s answers %i', async (fault, status, text) => {
    await using bench = await faulty({ fault })
    const callsBefore = bench.simulator.state().callsToday
    expect(await bench.get(bills)).toMatchObject({ status, text })
    expect(bench.simulator.state().callsToday).toBe(callsBefore)
  })

  it.each([
    [43, 400],
    [44, 429],
    [45, 200],
    [1070, 429],
  ])('rate-limited answers code %i under status %i, without a cause', async (code, status) => {
    await using bench = await faulty({ fault: 'rate-limited', code, status, retryAfterSeconds: 7 })
    const answer = await bench.get(bills)
    expect(answer.status).toBe(status)
    expect(answer.text).toContain(`{"code":${code},`)
    expect(answer.headers.get('retry-after')).toBe('7')
    expect(bench.simulator.callCounts().refusedBy).toEqual({ 'in-flight': 0, minute: 0, day: 0 })
  })

  it('redirect points to a host that nobody should follow', async () => {
    await using bench = await faulty({ fault: 'redirect' })
    const response = await fetch(`${bench.url}${bills}`, { redirect: 'manual' })
    expect([response.status, response.headers.get('location')]).toEqual([
      302,
      'https://zoho-login.example/signin',
    ])
  })

  it('token-dies ends the token in the middle of paging: only a new one helps', async () => {
    await using bench = await faulty({ fault: 'token-dies', path: bills, after: 1, next: 1 })
    const statuses = []
    for (const page of ['1', '2', '3'])
      statuses.push((await bench.get(bills, { page, per_page: '2' })).status)
    expect(statuses).toEqual([200, 401, 401])
    const { body } = await bench.token()
    const authorization = { Authorization: `Zoho-oauthtoken ${textOf(body, 'access_token')}` }
    expect((await bench.get(bills, {}, authorization)).status).toBe(200)
  })

  it.each<[FaultName, number, string]>([
    ['access-denied', 400, 'Access Denied'],
    ['general-error', 200, 'general_error'],
  ])('%s is for the token endpoint', async (fault, status, error) => {
    await using bench = await faulty({ fault, path: '/oauth/v2/token', next: 1 })
    expect(await bench.token()).toMatchObject({ status, body: { error } })
    expect((await bench.token()).body).toHaveProperty('access_token')
  })
})

describe('a fault of the connection', () => {
  it.each<FaultName>(['reset', 'cut'])('%s brings no answer, and the call was counted', async (fault) => {
    await using bench = await faulty({ fault, next: 1 })
    const callsBefore = bench.simulator.state().callsToday
    await expect(bench.get(bills)).rejects.toThrow(/fetch failed|terminated/)
    expect(bench.simulator.state().callsToday).toBe(callsBefore + 1)
    expect((await bench.get(bills)).status).toBe(200)
  })

  it('no-answer keeps quiet until the caller gives up', async () => {
    await using bench = await faulty({ fault: 'no-answer' })
    await expect(fetch(`${bench.url}${bills}`, { signal: AbortSignal.timeout(200) })).rejects.toThrow(
      'timeout',
    )
  })

  it('no-answer closes the connection when its time is over', async () => {
    await using bench = await faulty({ fault: 'no-answer', ms: 50 })
    await expect(bench.get(bills)).rejects.toThrow('fetch failed')
  })

  it('slow brings the right answer late', async () => {
    await using bench = await faulty({ fault: 'slow', ms: 150 })
    const started = performance.now()
    expect(await ids(bench)).toEqual(bench.before)
    expect(performance.now() - started).toBeGreaterThanOrEqual(145)
  })

  it('drip brings the right answer in small pieces', async () => {
    await using bench = await faulty({ fault: 'drip', bytes: 1000, ms: 5 })
    const started = performance.now()
    expect(await ids(bench)).toEqual(bench.before)
    expect(performance.now() - started).toBeGreaterThanOrEqual(20)
  })
})

describe('a fault of the body', () => {
  it('garbage-json stops in the middle under status 200', async () => {
    await using bench = await faulty({ fault: 'garbage-json' })
    const { status, text } = await bench.get(bills)
    expect(status).toBe(200)
    expect(() => JSON.parse(text) as unknown).toThrow(SyntaxError)
  })

  it('no-body is 200 with nothing', async () => {
    await using bench = await faulty({ fault: 'no-body' })
    expect(await bench.get(bills)).toMatchObject({ status: 200, text: '' })
  })

  it('huge-body is a good answer with so many bytes too many', async () => {
    await using bench = await faulty({ fault: 'huge-body', bytes: 100_000 })
    const { text } = await bench.get(bills, { per_page: '1' })
    expect(text.length).toBeGreaterThan(100_000)
    expect(JSON.parse(text)).toHaveProperty('padding')
  })
})

describe('a fault of lists', () => {
  it('empty-list says with 200 that there is nothing', async () => {
    await using bench = await faulty({ fault: 'empty-list' })
    expect(await ids(bench)).toEqual([])
    expect(await hasMore(bench, { per_page: '2' })).toBe(false)
  })

  it('short-page lacks half of its rows', async () => {
    await using bench = await faulty({ fault: 'short-page' })
    expect(await ids(bench)).toEqual(bench.before.slice(0, 4))
  })

  it('repeated-page answers the page before', async () => {
    await using bench = await faulty({ fault: 'repeated-page' })
    expect(await ids(bench, { page: '3', per_page: '2' })).toEqual(bench.before.slice(2, 4))
  })

  it('repeated-rows shows a row twice in place of another', async () => {
    await using bench = await faulty({ fault: 'repeated-rows' })
    expect(await ids(bench)).toEqual([...bench.before.slice(0, 7), bench.before[0]])
  })

  it('endless-list always says that there is more, ended-list never', async () => {
    await using bench = await faulty({ fault: 'endless-list' })
    expect(await hasMore(bench, { page: '99' })).toBe(true)
    bench.simulator.faults.remove()
    bench.simulator.faults.add({ fault: 'ended-list' })
    expect(await hasMore(bench, { per_page: '2' })).toBe(false)
  })

  it('lets details alone', async () => {
    await using bench = await faulty({ fault: 'empty-list', next: 1 })
    expect((await bench.get(`${bills}/${String(bench.before[0])}`)).body).toHaveProperty('bill')
    expect(await ids(bench)).toEqual([])
  })
})

describe('a rule', () => {
  it('meets the next calls of its path, and then ends', async () => {
    await using bench = await faulty({ fault: 'internal-error', path: '/books/v3/*/*', next: 2 })
    const id = String(bench.before[0])
    const statuses = []
    for (const path of [bills, `${bills}/${id}`, '/inventory/v1/items', `${bills}/${id}`, `${bills}/${id}`])
      statuses.push((await bench.get(path)).status)
    expect(statuses).toEqual([200, 500, 200, 500, 200])
    expect(bench.simulator.faults.rules()).toEqual([])
  })

  it('meets a share of the calls, the same ones for the same seed', async () => {
    const fates = async (seed: string) => {
      await using bench = await faulty({ fault: 'internal-error', share: 0.3, seed })
      const statuses = []
      for (let call = 0; call < 60; call++) statuses.push((await bench.get(bills, { per_page: '1' })).status)
      return statuses
    }
    const first = await fates('a')
    expect(await fates('a')).toEqual(first)
    expect(await fates('b')).not.toEqual(first)
    const met = first.filter((status) => status === 500).length
    expect(met).toBeGreaterThan(6)
    expect(met).toBeLessThan(32)
  })

  it('ends with its time, by the simulator’s clock', async () => {
    await using bench = await faulty({ fault: 'html-page', forSeconds: 600 })
    bench.simulator.advanceClock(599_000)
    expect((await bench.get(bills)).status).toBe(503)
    bench.simulator.advanceClock(1000)
    expect((await bench.get(bills)).status).toBe(200)
  })

  it('comes after those before it, and Zoho being down comes first', async () => {
    await using bench = await faulty({ fault: 'internal-error' })
    bench.simulator.faults.add({ fault: 'unauthorized' })
    expect((await bench.get(bills)).status).toBe(500)
    await bench.control('PUT', '/down', { seconds: 60 })
    expect((await bench.get(bills)).status).toBe(503)
    expect((await bench.token()).status).toBe(503)
    await bench.control('PUT', '/down', { tokens: false, fault: 'unauthorized' })
    expect((await bench.get(bills)).status).toBe(401)
    expect((await bench.token()).status).toBe(200)
    await bench.control('DELETE', '/down')
    expect((await bench.get(bills)).status).toBe(500)
    expect((await bench.control('DELETE', '/down')).status).toBe(200)
  })

  it('shows how often it matched and met, and can be taken back', async () => {
    await using bench = await faulty({ fault: 'slow', ms: 1, after: 1 })
    await bench.get(bills)
    await bench.get(bills)
    const { body } = await bench.control('GET', '/faults')
    expect(JSON.parse(JSON.stringify(objectsOf(body, 'rules').map(({ id }) => id)))).toEqual(['fault-1'])
    expect(bench.simulator.faults.rules()[0]).toMatchObject({ matched: 2, met: 1 })
    expect((await bench.control('DELETE', '/faults/fault-1')).status).toBe(200)
    expect((await bench.control('DELETE', '/faults/fault-1')).status).toBe(400)
  })

  it.each([
    [{}, 'fault is missing'],
    [{ fault: 'flood' }, 'fault must be one of html-page'],
    [{ fault: 'slow', status: 200 }, 'slow takes no status'],
    [{ fault: 'slow', ms: -1 }, 'ms must be a whole number, 0 or more'],
    [{ fault: 'html-page', status: 99 }, 'status must be from 200 to 599'],
    [{ fault: 'rate-limited', code: 1 }, 'code must be one of 43, 44, 45, 1070'],
    [{ fault: 'slow', path: 'bills' }, 'path must begin with /'],
    [{ fault: 'slow', share: 2 }, 'share must be a share from 0 to 1'],
    [{ fault: 'slow', next: 0 }, 'next must be a whole number, 1 or more'],
    [{ fault: 'slow', forSeconds: 0 }, 'forSeconds must be above 0'],
    [{ fault: 'drip', bytes: 0 }, 'bytes must be 1 or more'],
    [{ fault: 'slow', probability: 1 }, 'There is no field probability'],
  ])('refuses %j with the reason', async (rule, message) => {
    await using bench = await testBench()
    const answer = await bench.control('POST', '/faults', rule)
    expect(answer.status).toBe(400)
    expect(answer.body['error']).toContain(message)
    expect(bench.simulator.faults.rules()).toEqual([])
  })
})

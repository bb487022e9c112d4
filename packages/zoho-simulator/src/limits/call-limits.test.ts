import { textOf } from '../exact/fields.ts'
import { testBench } from '../testing/api-client.ts'

type Bench = Awaited<ReturnType<typeof testBench>>

const oneRow = { per_page: '1' }

async function call(bench: Bench, times: number): Promise<number[]> {
  const statuses = []
  for (let call = 0; call < times; call++) statuses.push((await bench.get('/books/v3/bills', oneRow)).status)
  return statuses
}

describe('the limit of a minute', () => {
  it('refuses the 101st call with 429 and code 44, and no header tells of it', async () => {
    await using bench = await testBench()
    expect(new Set(await call(bench, 100))).toEqual(new Set([200]))
    const { status, text, headers } = await bench.get('/books/v3/bills')
    expect(status).toBe(429)
    expect(text).toBe(
      '{"code":44,"message":"For security reasons your organization has been blocked as it have exceeded the maximum number of requests per minute that can originate from an organization."}',
    )
    const limits = [...headers.keys()].filter((name) => /rate|retry/.test(name))
    expect(limits).toEqual(['x-rate-limit-limit', 'x-rate-limit-remaining', 'x-rate-limit-reset'])
  })

  it('slides: a call is free again sixty seconds after it was made', async () => {
    await using bench = await testBench({ callsPerMinute: 3 })
    await call(bench, 1)
    bench.simulator.advanceClock(30_000)
    expect(await call(bench, 3)).toEqual([200, 200, 429])
    bench.simulator.advanceClock(29_999)
    expect(await call(bench, 1)).toEqual([429])
    bench.simulator.advanceClock(1)
    expect(await call(bench, 2)).toEqual([200, 429])
  })

  it('counts both products together, and neither what it refused nor who had no token', async () => {
    await using bench = await testBench({ callsPerMinute: 2 })
    await bench.get('/books/v3/bills', {}, { Authorization: '' })
    await bench.get('/inventory/v1/items', oneRow)
    expect(await call(bench, 3)).toEqual([200, 429, 429])
    expect(bench.simulator.state().callsToday).toBe(2)
  })

  it('can be set while it runs', async () => {
    await using bench = await testBench({ callsPerMinute: 1 })
    expect(await call(bench, 2)).toEqual([200, 429])
    await bench.control('PATCH', '/switches', { callsPerMinute: null })
    expect(await call(bench, 2)).toEqual([200, 200])
  })
})

describe('the quota of a day', () => {
  it('refuses what is over with 429 and code 45 until local midnight', async () => {
    await using bench = await testBench({ dailyCalls: 1200, callsPerMinute: null })
    for (let round = 0; round < 12; round++)
      await Promise.all(Array.from({ length: 10 }, () => call(bench, 10)))
    const { status, text } = await bench.get('/books/v3/bills')
    expect(status).toBe(429)
    expect(text).toBe(
      '{"code":45,"message":"The API call for this organization has exceeded the maximum call rate limit of 1,200."}',
    )
    await bench.control('POST', '/clock', { until: 'midnight' })
    const access = textOf((await bench.token()).body, 'access_token')
    const authorization = { Authorization: `Zoho-oauthtoken ${access}` }
    expect((await bench.get('/books/v3/bills', oneRow, authorization)).status).toBe(200)
  })

  it('is told by apiusage of Inventory, which is a call like any other', async () => {
    await using bench = await testBench({ dailyCalls: 1000 })
    await call(bench, 3)
    const { text } = await bench.get('/inventory/v1/apiusage')
    expect(text).toBe(
      '{"code":0,"message":"success","data":{"maximum_api_count":1000,"total_api_count":4,"remaining_api_count":996}}',
    )
    expect((await bench.get('/books/v3/apiusage')).status).toBe(404)
  })

  it('lets the organisations through, uncounted and without headers', async () => {
    await using bench = await testBench({ dailyCalls: 1 })
    await call(bench, 1)
    const { status, headers } = await bench.get('/books/v3/organizations')
    expect(status).toBe(200)
    expect([...headers.keys()].filter((name) => name.startsWith('x-rate'))).toEqual([])
    expect(bench.simulator.state().callsToday).toBe(1)
  })
})

describe('the limit of calls at once', () => {
  it('refuses the eleventh with 429 and code 1070', async () => {
    await using bench = await testBench({ latencyMs: 300 })
    const answers = await Promise.all(Array.from({ length: 11 }, () => bench.get('/books/v3/bills', oneRow)))
    const refused = answers.filter(({ status }) => status === 429)
    expect(refused.map(({ text }) => text)).toEqual([
      '{"code":1070,"message":"You have reached the maximum number of in process requests allowed. Kindly try again after some time."}',
    ])
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(10)
  })

  it('never refuses who keeps to it, however fast one call follows the other', async () => {
    await using bench = await testBench({ callsPerMinute: null, callsInFlight: 3, latencyMs: 1 })
    const statuses = await Promise.all(Array.from({ length: 3 }, () => call(bench, 40)))
    expect(new Set(statuses.flat())).toEqual(new Set([200]))
    const { calls, mostInFlight } = bench.simulator.callCounts()
    expect(calls).toBe(120)
    // Whether all three ever met is up to the machine.
    expect(mostInFlight).toBeLessThanOrEqual(3)
  })

  it('holds a slow answer as in flight until it is sent', async () => {
    await using bench = await testBench({ callsInFlight: 1 })
    bench.simulator.faults.add({ fault: 'slow', ms: 200, next: 1 })
    const slow = bench.get('/books/v3/bills')
    const [during] = await Promise.all([bench.get('/books/v3/bills', oneRow), slow])
    expect([during.status, (await slow).status].sort()).toEqual([200, 429])
    expect(await call(bench, 1)).toEqual([200])
  })
})

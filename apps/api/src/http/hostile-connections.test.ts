import { setTimeout as sleep } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { sendTo, sign, startApiWorld, type ApiWorld } from '../testing/api-world.ts'
import { mostBlockedMs, watchEventLoop } from '../testing/event-loop-watch.ts'
import { exchangeRaw, type RawAnswer, type RawRequest } from '../testing/raw-exchange.ts'

/** Instead of the ten seconds that a request may take. */
const requestMs = 600

let world: ApiWorld

beforeAll(async () => {
  world = await startApiWorld({ overrides: { requestMs } })
})
beforeEach(async () => {
  await world.clear()
})
afterAll(async () => {
  await world.stop()
})

const body = '{"item":{"item_id":"1","last_modified_time":"2026-07-21T16:03:55+0100"}}'
const signature = sign({ path: '/webhooks/products', body })
const head = [
  'POST /webhooks/products HTTP/1.1',
  'Host: api.test',
  'Content-Type: application/json',
  `X-Zoho-Webhook-Signature: ${signature}`,
]
const length = `Content-Length: ${String(body.length)}`
const chunked = 'Transfer-Encoding: chunked'

describe('a request written by hand', () => {
  it('is answered, so that the other claims mean something', async () => {
    const { statuses } = await exchange(request([...head, length], body))
    expect(statuses).toEqual([202])
  })

  const smuggled = request([...head, length], body)
  it.each<[string, number, string]>([
    ['a length and chunks', 400, request([...head, length, 'Transfer-Encoding: chunked'], '0\r\n\r\n')],
    ['two lengths', 400, request([...head, length, 'Content-Length: 5'], body)],
    ['two lengths in one', 400, request([...head, 'Content-Length: 5, 5'], body)],
    ['a length that is no number', 400, request([...head, 'Content-Length: +5'], body)],
    ['an unknown coding', 400, request([...head, 'Transfer-Encoding: strange'], body)],
    ['a coding behind chunked', 400, request([...head, 'Transfer-Encoding: chunked, gzip'], body)],
    ['a chunk size that is no number', 400, request([...head, chunked], `zz\r\n${body}\r\n0\r\n\r\n`)],
    ['a chunk longer than it says', 400, request([...head, chunked], `1\r\n${body}\r\n0\r\n\r\n`)],
    ['a bare line feed in its head', 400, [...head, length, '', body].join('\n')],
    ['a bare carriage return in its head', 400, request([...head, 'X-Odd: a\rb', length], body)],
    ['a folded header', 400, request([...head, length, 'X-Folded: a', ' b'], body)],
    ['a space before the colon', 400, request([...head, length, 'X-Odd : a'], body)],
    ['NUL in a header', 400, request([...head, length, 'X-Odd: a\0b'], body)],
    ['no host', 400, request(head.filter((line) => !line.startsWith('Host')).concat(length), body)],
    ['no HTTP at all', 400, request(['hello'], '')],
    ['headers of more than 16 kB', 431, request([...head, length, `X-Long: ${'a'.repeat(20_000)}`], body)],
    ['an address of more than 16 kB', 431, request([`GET /${'a'.repeat(20_000)} HTTP/1.1`, 'Host: x'], '')],
    [
      'a chunk extension of 20 kB',
      413,
      request([...head, chunked], `1;${'a'.repeat(20_000)}\r\n{\r\n0\r\n\r\n`),
    ],
  ])('with %s is refused with %i, closed, and no second one read behind it', async (_what, status, bytes) => {
    const { statuses } = await exchange(bytes + smuggled)
    expect(statuses).toEqual([status])
    expect(await world.rows()).toEqual([])
  })

  it.each(['Expect: 100-continue', 'Expect: something-else', 'Connection: Upgrade\r\nUpgrade: websocket'])(
    'with %j is a delivery like any other',
    async (line) => {
      const { statuses } = await exchange(request([...head, line, length], body))
      expect(statuses).toEqual([202])
      expect(await world.rows()).toHaveLength(1)
    },
  )
})

describe('B-27 a slow client', () => {
  it('B-27 who stops in the middle of a body is closed on at the time limit, and nothing kept', async () => {
    const { statuses, tookMs } = await exchange(request([...head, length], body.slice(0, 20)))
    expect(statuses).toEqual([408])
    expectInTime(tookMs)
    await expectNothingHeld()
  })

  it('B-27 who sends a byte now and then is closed on at the time limit, and nothing kept', async () => {
    const { statuses, tookMs } = await exchangeRaw(world.apiUrl, {
      bytes: request([...head, length], ''),
      further: drip(body),
    })
    expect(statuses).toEqual([408])
    expectInTime(tookMs)
    await expectNothingHeld()
  })

  it('B-27 who does not finish the headers is closed on as well', async () => {
    const { statuses, tookMs } = await exchangeRaw(world.apiUrl, {
      bytes: '',
      further: drip(`${head.join('\r\n')}\r\n`.repeat(10)),
    })
    expect(statuses).toEqual([408])
    expectInTime(tookMs)
  })

  it('B-27 two hundred of them with slow heads and two hundred with slow bodies keep nobody else waiting', async () => {
    const slow = Array.from({ length: 400 }, (_, index) =>
      exchange(index % 2 === 0 ? head.join('\r\n') : request([...head, length], body.slice(0, 20))),
    )
    const watch = watchEventLoop()
    const waits: number[] = []
    for (let id = 1; id <= 30; id += 1) {
      const startedAt = performance.now()
      expect(await world.deliver('/webhooks/products', bodyOf(id))).toMatchObject({ status: 202 })
      waits.push(performance.now() - startedAt)
    }
    expect(await watch.end()).toBeLessThan(mostBlockedMs)
    // Most are answered at once, and each in the time that is promised; the machine may have others to serve.
    expect(waits.sort((a, b) => a - b)[15]).toBeLessThan(1000)
    expect(Math.max(...waits)).toBeLessThan(5000)
    expect((await Promise.all(slow)).filter(({ statuses }) => statuses.join() !== '408')).toEqual([])
    expect(await world.rows()).toHaveLength(30)
    expect(await held()).toBe(0)
  })

  it('B-27 who breaks off in the middle of a body leaves nothing behind', async () => {
    const bytes = request([...head, length], body.slice(0, 20))
    const { statuses } = await exchangeRaw(world.apiUrl, { bytes, halfClose: true })
    expect(statuses).toEqual([400])
    await expectNothingHeld()
  })
})

describe('a body made to grow', () => {
  it('is never inflated: a bomb is kept as the bytes it came in, at no cost in memory', async () => {
    const bomb = gzipSync(Buffer.alloc(50 * 1024 ** 2))
    const before = process.memoryUsage().rss
    for (const encoding of ['gzip', 'br', 'deflate']) {
      await world.clear()
      const headers = { 'content-encoding': encoding }
      const answer = await world.deliver('/webhooks/products', bomb, { headers })
      expect(answer).toMatchObject({ status: 202, body: { status: 'quarantined', reason: 'encoding' } })
      const [row] = await world.rows()
      expect((row?.['raw_body'] as Buffer).equals(bomb)).toBe(true)
    }
    expect(process.memoryUsage().rss - before).toBeLessThan(45 * 1024 ** 2)
  })

  it('is not inflated for strangers either', async () => {
    const headers = { 'content-encoding': 'gzip', 'x-zoho-webhook-signature': 'a'.repeat(64) }
    expect(await world.deliver('/webhooks/products', gzipSync('{}'), { headers })).toMatchObject({
      status: 401,
    })
  })
})

function request(lines: readonly string[], sent: string): string {
  return `${lines.join('\r\n')}\r\n\r\n${sent}`
}

async function exchange(bytes: string): Promise<RawAnswer> {
  return exchangeRaw(world.apiUrl, { bytes })
}

function bodyOf(id: number): string {
  return body.replace('"1"', `"${String(id)}"`)
}

/** A few bytes each second, were a second not too long for a test. */
function drip(text: string): Required<RawRequest>['further'] {
  return async (write) => {
    for (const byte of text) {
      if (!write(byte)) return
      await sleep(requestMs / 10)
    }
  }
}

/** The server looks for slow requests as often as they may take; by the usual limit it would be ten seconds and more. */
function expectInTime(tookMs: number): void {
  expect(tookMs).toBeGreaterThan(requestMs * 0.9)
  expect(tookMs).toBeLessThan(requestMs * 2 + 6000)
}

async function expectNothingHeld(): Promise<void> {
  expect(await world.rows()).toEqual([])
  expect(await held()).toBe(0)
  expect(await world.deliver('/webhooks/products', body)).toMatchObject({ status: 202 })
}

/** Deliveries that wait for an answer, as the api itself counts them. */
async function held(): Promise<number> {
  const { text } = await sendTo(world.apiUrl, { method: 'GET', path: '/metrics', headers: {} })
  const values = [...text.matchAll(/^tds_intake_held_events\{[^}]*\} (\d+)/gm)].map(([, value]) =>
    Number(value),
  )
  expect(values).not.toEqual([])
  return values.reduce((sum, value) => sum + value, 0)
}

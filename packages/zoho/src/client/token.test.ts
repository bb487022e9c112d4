import { spawn, type ChildProcess } from 'node:child_process'
import { randomBytes, randomUUID } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { resetCircuit } from '@tds/core'
import { leaseCandidate, openDatabase, type Database } from '@tds/db'
import { blackHoleProxy, createTestDatabase, type TestDatabase } from '@tds/db/testing'
import { metricsRegistry, systemClock, TdsError } from '@tds/runtime'
import { manualClock } from '@tds/runtime/testing'
import { zohoCircuit } from '../calls/zoho-circuit.ts'
import { startZohoDouble, throttledBody, type ZohoDouble } from '../testing/zoho-double.ts'
import { zohoTokenCheck } from './token-check.ts'
import { tokenSource, type TokenOptions, type TokenSource } from './token.ts'

const key = randomBytes(32)

describe('tokenSource, shared by all daemons', () => {
  let database: TestDatabase
  let zoho: ZohoDouble
  const opened: Database[] = []
  const started: ChildProcess[] = []

  beforeEach(async () => {
    database = await createTestDatabase()
    zoho = await startZohoDouble()
  })

  afterEach(async () => {
    for (const child of started.splice(0)) child.kill('SIGKILL')
    for (const db of opened.splice(0)) await db.close()
    await database.drop()
  })

  /** A daemon: a pool of its own and a memory of its own. */
  function daemon(o: Partial<TokenOptions> = {}): TokenSource {
    const db = openDatabase({ url: database.url, applicationName: 'tds-daemon', poolSize: 2 })
    opened.push(db)
    return tokenSource({
      accountsUrl: zoho.url,
      apiUrl: zoho.url,
      clientId: 'client',
      clientSecret: 'secret',
      refreshToken: 'refresh',
      db,
      keys: [key],
      ...o,
    })
  }

  function daemons(count: number): TokenSource[] {
    return Array.from({ length: count }, () => daemon())
  }

  /** Time goes by for the shared token. */
  async function age(ms: number): Promise<void> {
    await database.db.query(
      `UPDATE tds_zoho_tokens
          SET minted_at = minted_at - $1::int * interval '1 ms', renew_at = renew_at - $1::int * interval '1 ms',
              expires_at = expires_at - $1::int * interval '1 ms', blocked_until = blocked_until - $1::int * interval '1 ms'`,
      [ms],
    )
  }

  async function row(): Promise<Record<string, unknown>> {
    const { rows } = await database.db.query('SELECT * FROM tds_zoho_tokens')
    if (rows.length !== 1 || rows[0] === undefined) throw new Error(`there are ${String(rows.length)} rows`)
    return rows[0]
  }

  it('F-32: mints one token for eight daemons that need one in the same moment, twenty calls each', async () => {
    const calls = daemons(8).flatMap((one) => Array.from({ length: 20 }, () => one.current()))
    expect(new Set(await Promise.all(calls))).toEqual(new Set(['1000.token.1']))
    expect(zoho.tokenRequests).toHaveLength(1)
  })

  it('mints one successor for eight daemons whose token has run out', async () => {
    await daemon().current()
    await age(61 * 60_000)
    expect(new Set(await Promise.all(daemons(8).map((one) => one.current())))).toEqual(
      new Set(['1000.token.2']),
    )
    expect(zoho.tokenRequests).toHaveLength(2)
    expect(await row()).toMatchObject({ state: 'usable', minted_count: '2', forced: false })
  })

  it('renews once for eight daemons that were all refused, also those that hear of it late', async () => {
    const all = daemons(8)
    await Promise.all(all.map((one) => one.current()))
    const renewals = all
      .slice(1)
      .flatMap((one) => [1, 2, 3].map(() => one.renewed('1000.token.1', 'product')))
    expect(new Set(await Promise.all(renewals))).toEqual(new Set(['1000.token.2']))
    expect(await all[0]?.renewed('1000.token.1', 'invoice')).toBe('1000.token.2')
    expect(zoho.tokenRequests).toHaveLength(2)
    expect(await row()).toMatchObject({ forced: true })
  })

  it('lets the others use the old token while one gets its successor', async () => {
    await daemon().current()
    await age(57 * 60_000)
    const asked = Promise.withResolvers<undefined>()
    const answer = Promise.withResolvers<undefined>()
    zoho.beforeToken = async () => {
      asked.resolve(undefined)
      await answer.promise
    }
    const first = daemon().current()
    await asked.promise
    expect(await daemon().current()).toBe('1000.token.1')
    answer.resolve(undefined)
    expect(await first).toBe('1000.token.2')
    expect(await daemon().current()).toBe('1000.token.2')
  })

  it('has no transaction open while it waits for Zoho', async () => {
    const open: unknown[] = []
    zoho.beforeToken = async () => {
      // A statement of another daemon is a transaction as well, for a moment; one that waits for Zoho stays.
      let held: unknown[] = []
      for (let look = 0; look < 200; look += 1) {
        const { rows } = await database.db.query(
          `SELECT pid, state FROM pg_stat_activity
            WHERE datname = current_database() AND pid <> pg_backend_pid() AND xact_start IS NOT NULL`,
        )
        held = rows
        if (held.length === 0) break
      }
      open.push(...held)
    }
    expect(open).toEqual([])
  })

  it('takes over from a process that was killed while it asked, once its lease has run out', async () => {
    const asked = Promise.withResolvers<undefined>()
    zoho.beforeToken = () => {
      asked.resolve(undefined)
      return new Promise(() => undefined)
    }
    const child = startProcess()
    await asked.promise
    child.kill('SIGKILL')
    zoho.beforeToken = () => Promise.resolve()
    const waiting = Promise.all(daemons(4).map((one) => one.current()))
    const { rows } = await database.db.query<{ seconds: number }>(
      'SELECT extract(epoch FROM expires_at - tds_now())::float8 AS seconds FROM tds_leases',
    )
    expect(rows[0]?.seconds).toBeLessThanOrEqual(10)
    await database.db.query('UPDATE tds_leases SET expires_at = tds_now()')
    expect(new Set(await waiting)).toEqual(new Set(['1000.token.2']))
    expect(zoho.tokenRequests).toHaveLength(2)
  }, 30_000)

  it('is one for processes too', async () => {
    const said = await Promise.all([startProcess(), startProcess(), startProcess()].map(outputOf))
    expect(said).toEqual(['1000.token.1', '1000.token.1', '1000.token.1'])
    expect(zoho.tokenRequests).toHaveLength(1)
  }, 60_000)

  function startProcess(): ChildProcess {
    const file = fileURLToPath(new URL('../testing/fixtures/token-process.ts', import.meta.url))
    const child = spawn(
      process.execPath,
      ['--conditions=tds-source', file, database.url, zoho.url, key.toString('hex')],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    )
    started.push(child)
    return child
  }

  async function outputOf({ stdout }: ChildProcess): Promise<string> {
    if (stdout === null) throw new Error('the process has no output')
    return Buffer.concat(await stdout.toArray()).toString()
  }

  it.each([200, 400])(
    'shares a throttle (status %i), and goes on by itself after five minutes',
    async (status) => {
      zoho.tokenAnswers.push({ status, body: throttledBody })
      const faults = await Promise.all(daemons(6).map((one) => faultOf(one.current())))
      for (const fault of faults) {
        expect(fault).toMatchObject({ code: 'zoho_token_throttled', disposition: 'retry' })
        expect(fault.facts['retryAfterMs']).toBeGreaterThan(290_000)
      }
      expect(zoho.tokenRequests).toHaveLength(1)
      expect(await row()).toMatchObject({ state: 'throttled', last_fault: 'Access Denied' })
      await age(5 * 60_000)
      expect(await daemon().current()).toBe('1000.token.2')
    },
  )

  it('uses the token that still lives while its successor is throttled or the endpoint is down', async () => {
    await daemon().current()
    await age(56 * 60_000)
    zoho.tokenAnswers.push({ status: 400, body: throttledBody })
    expect(await daemon().current()).toBe('1000.token.1')
    expect(await daemon().current()).toBe('1000.token.1')
    expect(zoho.tokenRequests).toHaveLength(2)
    await age(4 * 60_000)
    expect(await faultOf(daemon().current())).toMatchObject({ code: 'zoho_token_throttled' })
  })

  it('asks a failing endpoint once for all daemons, and less and less often', async () => {
    zoho.tokenAnswers.push(...Array.from({ length: 30 }, () => ({ status: 503, body: '<html>' })))
    for (let round = 1; round <= 3; round += 1) {
      const faults = await Promise.all(daemons(4).map((one) => faultOf(one.current())))
      for (const fault of faults) expect(fault).toMatchObject({ disposition: 'retry' })
      expect(await row()).toMatchObject({ state: 'unavailable', faults: zoho.tokenRequests.length })
      await database.db.query(`UPDATE tds_zoho_tokens SET blocked_until = tds_now() + interval '1 minute'`)
      const before = zoho.tokenRequests.length
      await Promise.all(daemons(4).map((one) => faultOf(one.current())))
      expect(zoho.tokenRequests).toHaveLength(before)
      await age(60_000)
    }
  })

  it('tells every daemon that the credentials are refused; only other credentials, time or a person ask again', async () => {
    zoho.tokenAnswers.push({ status: 200, body: '{"error":"invalid_code"}' })
    for (const fault of await Promise.all(daemons(5).map((one) => faultOf(one.current())))) {
      expect(fault).toMatchObject({
        code: 'zoho_auth',
        disposition: 'reject',
        facts: { zohoError: 'invalid_code' },
      })
    }
    expect(zoho.tokenRequests).toHaveLength(1)
    expect(await daemon({ refreshToken: 'another' }).current()).toBe('1000.token.2')
    expect(await daemon({ clientSecret: 'corrected' }).current()).toBe('1000.token.3')
    await faultOf(daemon().current())
    expect(zoho.tokenRequests).toHaveLength(3)
    const circuit = zohoCircuit({ db: database.db, daemonId: randomUUID(), organizationId: '790412365' })
    await faultOf(circuit.watchTokens(daemon()).current())
    const person = { actor: 'amal', reason: 'access is granted again', dryRun: false, via: 'test' }
    expect(await resetCircuit(database.db, '790412365', person)).toMatchObject({ from: 'token_refused' })
    expect(await daemon().current()).toBe('1000.token.4')
    expect(zoho.tokenRequests).toHaveLength(4)
  })

  it('stops for all when a fresh token is refused, and starts again with the first call that goes well', async () => {
    const [one, other] = [daemon(), daemon()]
    await one.current()
    const forced = (await one.renewed('1000.token.1', 'product')) ?? ''
    expect(await one.renewed(forced, 'product')).toBeNull()
    expect(await row()).toMatchObject({ state: 'refused', refused_for: ['product'] })
    expect(await other.current()).toBe(forced)
    expect(await other.renewed(forced, 'invoice')).toBeNull()
    expect(zoho.tokenRequests).toHaveLength(2)
    await other.accepted(forced, 'invoice')
    expect(await row()).toMatchObject({ state: 'usable', refused_for: ['product'], blocked_until: null })
    await other.accepted(forced, 'product')
    expect(await row()).toMatchObject({ state: 'usable', refused_for: [] })
  })

  it('takes a fresh token for dead that was good for the type before, and mints another for all', async () => {
    const [one, other] = [daemon(), daemon()]
    await one.current()
    const forced = (await one.renewed('1000.token.1', 'product')) ?? ''
    await one.accepted(forced, 'product')
    expect(await other.current()).toBe(forced)
    expect(await Promise.all([one, other].map((each) => each.renewed(forced, 'product')))).toEqual([
      '1000.token.3',
      '1000.token.3',
    ])
    expect(await row()).toMatchObject({ state: 'usable', accepted_for: [], refused_for: [] })
    expect(zoho.tokenRequests).toHaveLength(3)
  })

  it('tries once more when the rest after a refused fresh token is over', async () => {
    const one = daemon()
    await one.current()
    const forced = (await one.renewed('1000.token.1', 'product')) ?? ''
    await one.renewed(forced, 'product')
    await age(5 * 60_000)
    expect(await daemon().renewed(forced, 'product')).toBe('1000.token.3')
  })

  it('uses no token of former credentials', async () => {
    await daemon().current()
    expect(await daemon({ refreshToken: 'another' }).current()).toBe('1000.token.2')
    expect(await daemon({ accountsUrl: `${zoho.url}/`, clientId: 'another' }).current()).toBe('1000.token.3')
    expect(await daemon({ accountsUrl: `${zoho.url}/` }).current()).toBe('1000.token.1')
  })

  it('keeps no token readable in the database', async () => {
    await daemon().current()
    const { rows } = await database.db.query<{ text: string }>(
      'SELECT t::text AS text FROM tds_zoho_tokens t',
    )
    expect(rows[0]?.text).not.toMatch(/1000\.token|client|refresh"/)
    expect((await row())['sealed_token']).toMatch(/^v1\.[0-9a-f]{8}\.[\w-]+$/)
  })

  it('says so when the token was sealed with another key, and replaces it only when it has run out', async () => {
    await daemon().current()
    const stranger = daemon({ keys: [randomBytes(32)] })
    const fault = await faultOf(stranger.current())
    expect(fault).toMatchObject({ code: 'sealed_with_another_key', disposition: 'reject' })
    expect(fault.nextStep).toContain('TDS_ENCRYPTION_KEY')
    await expect(zohoTokenCheck(stranger).check()).rejects.toThrow('sealed with another key')
    expect(zoho.tokenRequests).toHaveLength(1)
    expect(await daemon({ keys: [randomBytes(32), key] }).current()).toBe('1000.token.1')
    await age(61 * 60_000)
    expect(await stranger.current()).toBe('1000.token.2')
  })

  it('refuses a token that was moved from another row', async () => {
    await daemon().current()
    await daemon({ refreshToken: 'another' }).current()
    await database.db.query(
      `UPDATE tds_zoho_tokens SET sealed_token = (SELECT max(sealed_token) FROM tds_zoho_tokens)`,
    )
    const faults = await Promise.allSettled([
      daemon().current(),
      daemon({ refreshToken: 'another' }).current(),
    ])
    expect(faults.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
    expect(faults.find((one) => one.status === 'rejected')?.reason).toMatchObject({
      code: 'sealed_text_damaged',
    })
  })

  it('goes on with the token in memory while Postgres is away, and no longer than it lives', async () => {
    const proxy = await blackHoleProxy(database.url)
    const db = openDatabase({
      url: proxy.url,
      applicationName: 'tds-cut-off',
      poolSize: 2,
      statementTimeoutMs: 300,
    })
    opened.push(db)
    const clock = manualClock()
    const one = daemon({ db, clock })
    expect(await one.current()).toBe('1000.token.1')
    await proxy.close()
    await clock.advance(58 * 60_000)
    expect(await one.current()).toBe('1000.token.1')
    await clock.advance(60 * 60_000)
    expect(await faultOf(one.current())).toMatchObject({ code: 'database_unavailable', disposition: 'retry' })
    expect(await faultOf(daemon({ db }).current())).toMatchObject({ disposition: 'retry' })
  }, 20_000)

  it('asks again when a clock that was set back leaves a block in the far future', async () => {
    zoho.tokenAnswers.push({ status: 400, body: throttledBody })
    await faultOf(daemon().current())
    await age(-24 * 3_600_000)
    expect(await daemon().current()).toBe('1000.token.2')
  })

  it('does not wait for ever for a daemon that keeps the lease', async () => {
    const hog = leaseCandidate({
      db: database.db,
      name: await leaseName(),
      holder: randomUUID(),
      ttlSeconds: 19,
    })
    await hog.campaign()
    await database.db.query('DELETE FROM tds_zoho_tokens')
    let slept = 0
    const hastyClock = {
      ...systemClock,
      monotonicMs: () => slept,
      sleep: (ms: number) => {
        slept += 10 * ms
        return Promise.resolve()
      },
    }
    expect(await faultOf(daemon({ clock: hastyClock }).current())).toMatchObject({
      code: 'zoho_token_unavailable',
      disposition: 'retry',
    })
  })

  async function leaseName(): Promise<string> {
    await daemon().current()
    const { rows } = await database.db.query<{ name: string }>('SELECT name FROM tds_leases')
    return rows[0]?.name ?? ''
  }

  it('counts what it mints by why, and shows the state', async () => {
    const before = await mintedBy()
    const one = daemon()
    await one.current()
    await one.renewed('1000.token.1', 'product')
    await age(61 * 60_000)
    await daemon().current()
    const after = await mintedBy()
    expect(['none', 'refused', 'expired'].map((why) => (after[why] ?? 0) - (before[why] ?? 0))).toEqual([
      1, 1, 1,
    ])
    expect(await metricsRegistry.getSingleMetricAsString('tds_zoho_token_state')).toMatch(
      /state="(usable|none)"\} 1/,
    )
  })
})

describe('zohoTokenCheck', () => {
  const good = {
    state: 'usable',
    expiresInSeconds: 1800,
    mintedAgoSeconds: 1800,
    refusedFor: [],
    blockedForSeconds: 0,
    lastFault: null,
  } as const

  it.each([
    ['healthy', {}, 'Minted 1800 s ago; the one in use lives 1800 s.'],
    [
      'healthy',
      { state: 'none', expiresInSeconds: null, mintedAgoSeconds: null },
      'No token was needed so far.',
    ],
    ['degraded', { state: 'throttled', lastFault: 'Access Denied' }, 'Access Denied'],
    [
      'degraded',
      { state: 'unavailable', lastFault: 'transport', expiresInSeconds: null },
      'there is none to use',
    ],
    ['degraded', { refusedFor: ['invoice', 'bill'] }, 'refuses invoice, bill'],
    ['unhealthy', { state: 'refused', lastFault: 'invalid_code' }, 'invalid_code'],
  ] as const)('is %s for %j', async (status, change, words) => {
    const check = zohoTokenCheck({ standing: () => Promise.resolve({ ...good, ...change }) })
    expect(await check.check()).toMatchObject({ status, detail: expect.stringContaining(words) })
  })
})

async function mintedBy(): Promise<Record<string, number>> {
  const metric = await metricsRegistry.getSingleMetric('tds_zoho_tokens_minted_total')?.get()
  return Object.fromEntries((metric?.values ?? []).map(({ labels, value }) => [String(labels['why']), value]))
}

async function faultOf(getting: Promise<unknown>): Promise<TdsError> {
  try {
    await getting
  } catch (error) {
    if (error instanceof TdsError) return error
    throw error
  }
  throw new Error('it did not fail')
}

import { zohoCircuitKey } from '@tds/core'
import { changeCircuit, lockCircuit } from '@tds/db'
import { TdsError } from '@tds/runtime'
import { captureLogs } from '@tds/runtime/testing'
import {
  answered,
  circuitOrganization,
  createCircuitWorld,
  failed,
  good,
  type CircuitWorker,
  type CircuitWorld,
} from '../testing/circuit-world.ts'
import type { CallOutcome } from './gate.ts'

function down(): CallOutcome {
  return answered(503, '<html>Service Unavailable</html>')
}

describe('the circuit to Zoho', () => {
  let world: CircuitWorld
  let one: CircuitWorker
  let two: CircuitWorker

  beforeEach(async () => {
    world = await createCircuitWorld({ workers: 2 })
    ;[one, two] = world.workers as [CircuitWorker, CircuitWorker]
  })
  afterEach(async () => {
    await world.drop()
  })

  async function call(worker: CircuitWorker, times: number): Promise<void> {
    for (let made = 0; made < times; made += 1) await worker.call()
  }

  /** Down for everybody, by the calls of one. */
  async function open(): Promise<void> {
    world.answer = down
    await call(one, 5)
    world.calls.length = 0
  }

  async function state(): Promise<unknown> {
    return (await world.row())['state']
  }

  describe('opens', () => {
    it.each([
      ['5xx', down, 'server_error'],
      ['pages of HTML', () => answered(200, '<html>maintenance</html>'), 'unreadable'],
      ['time-outs', () => failed('timeout'), 'timeout'],
    ])('on %s, and says why', async (_, outcome, reason) => {
      world.answer = outcome
      await call(one, 4)
      expect(await state()).toBe('closed')
      await call(one, 1)
      expect(await world.row()).toMatchObject({ state: 'open', reason, opened: '1', failures: 1 })
    })

    it('for every worker at once, without a call of theirs', async () => {
      await open()
      expect(await two.call()).toMatchObject({
        code: 'zoho_circuit_open',
        disposition: 'retry',
        facts: { state: 'open', reason: 'server_error', retryAfterMs: expect.any(Number) },
      })
      expect(world.calls).toEqual([])
    })

    it('also for a worker that knew it closed, within a second', async () => {
      world.answer = good
      await two.call()
      await open()
      await world.pass(1000)
      expect(await two.call()).toBeInstanceOf(TdsError)
      expect(world.calls).toEqual([])
    })

    it('once, when two workers trip in the same moment', async () => {
      const passes = await Promise.all(
        [one, two].flatMap((worker) => Array.from({ length: 5 }, () => worker.enter())),
      )
      await Promise.all(passes.map((pass) => pass.finish(down())))
      expect(await world.row()).toMatchObject({ state: 'open', epoch: '2', opened: '1', failures: 1 })
    })

    it('with one line in the log, of the worker that made the change', async () => {
      const logs = captureLogs()
      await open()
      await two.call()
      const lines = logs.records().filter((line) => line['message'] === 'the circuit to Zoho has changed')
      expect(lines).toEqual([
        expect.objectContaining({
          level: 'warn',
          facts: expect.objectContaining({ from: 'closed', to: 'open', reason: 'server_error' }),
        }),
      ])
    })
  })

  describe('stays closed', () => {
    it('whatever 404s, 429s and refused tokens there are', async () => {
      const answers = [
        answered(404, '{"code":1002,"message":"Item does not exist."}'),
        answered(429, '{"code":44}'),
        answered(429, '<html>slow down</html>'),
        answered(401, '{"code":57}'),
      ]
      for (const outcome of answers) {
        world.answer = () => outcome
        await call(one, 10)
      }
      expect(await state()).toBe('closed')
      expect(world.calls).toHaveLength(40)
    })

    it('as long as half of the calls go well', async () => {
      for (let pair = 0; pair < 20; pair += 1) {
        world.answer = pair % 2 === 0 ? good : down
        await one.call()
      }
      expect(await state()).toBe('closed')
    })

    it('when few calls fail over a long time', async () => {
      world.answer = down
      for (let calls = 0; calls < 8; calls += 1) {
        await one.call()
        await world.pass(16_000)
      }
      expect(await state()).toBe('closed')
    })
  })

  describe('while open', () => {
    it('lets one probe out for all workers, and no other before its end', async () => {
      await open()
      await world.pass(7_500)
      const probe = await one.enter()
      expect(await two.call()).toMatchObject({ code: 'zoho_circuit_open' })
      expect(await one.call()).toMatchObject({ code: 'zoho_circuit_open' })
      await probe.finish(down())
      expect(await two.call()).toMatchObject({ code: 'zoho_circuit_open' })
      expect(await world.row()).toMatchObject({ state: 'open', failures: 2, probes: '1' })
    })

    it('gives it to one of those who ask in the same moment', async () => {
      await open()
      await world.pass(7_500)
      const asked = await Promise.allSettled([one, two, one, two].map((worker) => worker.enter()))
      expect(asked.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    })

    it('waits longer after each probe that failed, up to a minute', async () => {
      await open()
      await world.pass(330_000, () => {
        world.begin(() => one.call())
      })
      const waits = world.calls.map((at, index) => at - (world.calls[index - 1] ?? 0))
      expect(waits).toEqual([7_500, 15_000, 30_000, 45_000, 45_000, 45_000, 45_000, 45_000, 45_000])
    })

    it('leaves the probe to urgent calls for five seconds, then takes any', async () => {
      await open()
      await world.pass(7_500)
      expect(await one.call('backfill')).toMatchObject({ code: 'zoho_circuit_open' })
      await world.pass(4_750)
      expect(await one.call('ripple')).toMatchObject({ code: 'zoho_circuit_open' })
      await world.pass(250)
      await one.call('backfill')
      expect(world.calls).toHaveLength(1)
    })

    it('sends another when the one who had it has died, after 45 seconds', async () => {
      await open()
      await world.pass(7_500)
      const dead = await one.enter()
      await world.pass(44_750)
      expect(await two.call()).toBeInstanceOf(TdsError)
      await world.pass(250)
      const heir = await two.enter()
      await dead.finish(good())
      expect(await world.row()).toMatchObject({ state: 'open', probe_by: two.id })
      await heir.finish(good())
      expect(await state()).toBe('half_open')
    })

    it('gives a probe that was not sent, or that we broke off, to the next who asks', async () => {
      await open()
      await world.pass(7_500)
      await (await one.enter()).release()
      await (await one.enter()).finish(failed('aborted'))
      await two.call()
      expect(world.calls).toHaveLength(1)
      expect(await world.row()).toMatchObject({ probes: '1' })
    })

    it('is not moved by calls that went out before it opened', async () => {
      const late = await two.enter()
      await open()
      await late.finish(good())
      expect(await state()).toBe('open')
    })

    it('does not wait for ever when the clock of the database is set back', async () => {
      await open()
      await world.db.query(`UPDATE test_time SET now = now - interval '1 hour'`)
      await world.pass(1000)
      await one.call()
      expect(world.calls).toHaveLength(1)
    })
  })

  describe('half open', () => {
    async function halfOpen(): Promise<void> {
      await open()
      await world.pass(7_500)
      world.answer = good
      await one.call()
      world.calls.length = 0
    }

    it('lets 1, 2, 4 and 8 calls a second through over all workers, then all', async () => {
      await halfOpen()
      const beganAt = world.nowMs()
      for (let asked = 0; asked < 20; asked += 1) {
        world.begin(() => one.call())
        world.begin(() => two.call())
      }
      await world.pass(6_000)
      const moments = Map.groupBy(world.calls, (at) => at - beganAt)
      const together = [...moments].map(([at, calls]) => [at, calls.length])
      // Who waits asks again after 750 ms, so that each second is found at every other turn.
      expect(together.slice(0, 3)).toEqual([
        [expect.any(Number), 1],
        [expect.any(Number), 2],
        [expect.any(Number), 4],
      ])
      expect(world.calls).toHaveLength(40)
      expect(await world.row()).toMatchObject({ state: 'closed', reason: 'ramp_passed', failures: 1 })
    })

    it('opens again at the first failure, and waits longer for the next probe', async () => {
      await halfOpen()
      world.answer = down
      await two.call()
      expect(await world.row()).toMatchObject({ state: 'open', failures: 2, opened: '1' })
      await world.pass(14_750)
      expect(await one.call()).toBeInstanceOf(TdsError)
      await world.pass(250)
      await one.call()
      expect(world.calls).toHaveLength(2)
    })

    it('steps up only after a call that went well: being slow is no proof', async () => {
      await halfOpen()
      await one.enter()
      await world.pass(1_000)
      await one.enter()
      expect(await world.row()).toMatchObject({ ramp_step: 0, ramp_used: 1 })
    })

    it('makes one wait who would have to wait long, and says so', async () => {
      await halfOpen()
      for (let taken = 0; taken < 30; taken += 1) world.begin(() => one.enter().catch(() => undefined))
      await world.pass(12_000)
      expect(world.clock.sleepers()).toEqual([])
      expect(await world.row()).toMatchObject({ state: 'half_open', ramp_step: 0 })
    })

    it('gives back what was not called', async () => {
      await halfOpen()
      await (await one.enter()).release()
      await two.call()
      expect(world.calls).toHaveLength(1)
    })

    it('stops waiting when it is told to', async () => {
      await halfOpen()
      await one.enter()
      const stop = new AbortController()
      const waiting = one.circuit.enter({
        organizationId: circuitOrganization,
        lane: 'reread',
        purpose: 'product',
        signal: stop.signal,
      })
      await world.clock.untilSleeping()
      stop.abort()
      await expect(waiting).rejects.toThrow('aborted')
    })
  })

  it('does not flap: what opens soon after it closed waits longer, what held for two minutes begins anew', async () => {
    async function until(wanted: string): Promise<void> {
      while ((await state()) !== wanted) await world.pass(500, () => world.begin(() => one.call()))
    }
    await open()
    await world.pass(7_500)
    world.answer = good
    await until('closed')
    world.answer = down
    await until('open')
    expect(await world.row()).toMatchObject({ failures: 2, opened: '2' })
    world.answer = good
    await until('closed')
    await world.pass(120_250)
    world.answer = down
    await until('open')
    expect(await world.row()).toMatchObject({ failures: 1, opened: '3' })
  })

  describe('when the day has no calls left', () => {
    const exhausted = (): CallOutcome =>
      answered(429, '{"code":45,"message":"exceeded"}', { 'x-rate-limit-reset': '3600' })

    it('stops all calls until the day ends, is not called down, and goes on without a ramp', async () => {
      world.answer = exhausted
      await one.call()
      expect(await world.row()).toMatchObject({ state: 'quota_exhausted', reason: 'quota', failures: 0 })
      expect(await two.call()).toMatchObject({
        code: 'zoho_quota_exhausted',
        disposition: 'retry',
        facts: { retryAfterMs: 3_603_000 },
      })
      world.answer = good
      await world.pass(3_602_500)
      await call(two, 20)
      expect(await state()).toBe('closed')
      expect(world.calls).toHaveLength(21)
    })

    it('is called down when the probe after it brings no answer', async () => {
      world.answer = exhausted
      await one.call()
      await world.pass(3_602_500)
      world.answer = () => failed('timeout')
      await one.call()
      expect(await world.row()).toMatchObject({ state: 'open', reason: 'timeout' })
    })
  })

  describe('when our credentials are refused', () => {
    const refusal = (facts: Record<string, unknown> = { zohoError: 'invalid_code' }): TdsError =>
      new TdsError('refused', { code: 'zoho_auth', disposition: 'reject', nextStep: 'none', facts })

    async function askForToken(worker: CircuitWorker, error: TdsError): Promise<void> {
      const refusing = {
        current: () => Promise.reject<string>(error),
        renewed: () => Promise.reject<string>(error),
        accepted: () => Promise.resolve(),
        standing: () => Promise.reject(error),
      }
      const tokens = worker.circuit.watchTokens(refusing)
      await expect(tokens.current()).rejects.toBe(error)
    }

    it('stops the calls of all, says so in a state of its own, and goes on when a probe shows them right', async () => {
      await askForToken(one, refusal())
      expect(await world.row()).toMatchObject({ state: 'token_refused', reason: 'credentials' })
      expect(await two.call()).toMatchObject({
        code: 'zoho_circuit_open',
        disposition: 'retry',
        facts: { state: 'token_refused' },
        nextStep: expect.stringContaining('ZOHO_REFRESH_TOKEN'),
      })
      world.answer = good
      await world.pass(7_500)
      await call(two, 10)
      expect(await state()).toBe('closed')
      expect(world.calls).toHaveLength(10)
    })

    it('counts those who were refused together as one, and a later one as a probe that failed', async () => {
      await Promise.all([one, two, one].map((worker) => askForToken(worker, refusal())))
      expect(await world.row()).toMatchObject({ failures: 1 })
      await world.pass(8_000)
      await askForToken(two, refusal())
      expect(await world.row()).toMatchObject({ state: 'token_refused', failures: 2 })
    })

    it('does not take a throttled token, or one that was refused for its scope, for bad credentials', async () => {
      await one.call()
      await askForToken(one, refusal({}))
      await askForToken(
        one,
        new TdsError('throttled', { code: 'zoho_token_throttled', disposition: 'retry', nextStep: 'wait' }),
      )
      expect(await state()).toBe('closed')
    })
  })

  it('makes no call without its row: Postgres away is the error that is tried again', async () => {
    await one.call()
    await one.db.close()
    await world.pass(1_000)
    expect(await one.call()).toMatchObject({ code: 'database_unavailable', disposition: 'retry' })
    expect(world.calls).toHaveLength(1)
  })

  it('does not fail a call whose end it cannot note, and opens when it can again', async () => {
    const passes = await Promise.all(Array.from({ length: 5 }, () => one.enter()))
    await world.db.query('ALTER TABLE tds_circuits RENAME TO tds_away')
    for (const pass of passes) await pass.finish(down())
    await world.db.query('ALTER TABLE tds_away RENAME TO tds_circuits')
    expect(await state()).toBe('closed')
    expect(await one.call()).toMatchObject({ code: 'zoho_circuit_open' })
    expect(await world.row()).toMatchObject({ state: 'open', reason: 'server_error' })
  })

  it('lets all calls out once a person has closed it, and ignores the probe that was out', async () => {
    await open()
    await world.pass(7_500)
    const probe = await one.enter()
    await world.db.transaction(async (tx) => {
      const key = zohoCircuitKey(circuitOrganization)
      const before = await lockCircuit(tx, key)
      const closed = { to: 'closed', reason: 'reset', failures: 0, probeInMs: null, probeId: null } as const
      await changeCircuit(tx, key, { epoch: before?.epoch ?? '', ...closed })
    })
    await probe.finish(down())
    world.answer = good
    await world.pass(1_000)
    await call(one, 10)
    await call(two, 10)
    expect(world.calls).toHaveLength(20)
    expect(await state()).toBe('closed')
  })
})

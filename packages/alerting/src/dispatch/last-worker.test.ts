import { randomUUID } from 'node:crypto'
import { deliverDue } from '../delivery/deliver-due.ts'
import type { AlertMessage } from '../messages/message.ts'
import type { Integration, Receiver } from '../receivers/receiver.ts'
import { workerDown } from '../rules/worker-down.ts'
import { type AlertingWorld, createAlertingWorld } from '../testing/alerting-world.ts'

const ways: readonly Integration[] = ['telegram', 'slack', 'email']

interface Attempt {
  readonly integration: Integration
  readonly seconds: number
  readonly message: AlertMessage
}

describe('the last worker', () => {
  let world: AlertingWorld
  let attempts: Attempt[]
  let begunAt: number

  beforeEach(async () => {
    world = await createAlertingWorld({ configured: ways })
    world.use(workerDown)
    attempts = []
    // An alerter that has looked for a while, and a worker that beats.
    for (let passed = 0; passed < 120; passed += 15) {
      await beat()
      await world.run(15)
    }
    await beat()
    begunAt = (await world.clock.now()).getTime()
  })

  afterEach(() => world.stop())

  it('AL-01: says nothing for five minutes, then tells by every way within twenty seconds', async () => {
    await until(300)
    expect([attempts, await alerts()]).toEqual([[], []])
    await until(330)
    const [alert, ...others] = await alerts()
    expect(others).toEqual([])
    expect(alert).toMatchObject({ severity: 'critical', is_active: true })
    expect(alert?.after_s).toBeGreaterThan(300)
    expect(alert?.after_s).toBeLessThanOrEqual(316)
    expect(attempts.map(({ integration }) => integration).sort()).toEqual([...ways].sort())
    for (const { seconds, message } of attempts) {
      expect(message.kind).toBe('firing')
      expect(seconds).toBeLessThanOrEqual(320)
    }
  })

  it('AL-02: recovers when a worker is back, and is over a minute later, told once', async () => {
    await until(480)
    attempts = []
    await until(525, { isAlive: true })
    expect(await states()).toEqual(['recovering'])
    expect(attempts).toEqual([])
    await until(660, { isAlive: true })
    expect(await states()).toEqual([])
    expect(attempts.map(({ integration }) => integration).sort()).toEqual([...ways].sort())
    for (const { seconds, message } of attempts) {
      expect(message.kind).toBe('resolved')
      expect(seconds - 480).toBeGreaterThanOrEqual(60)
      expect(seconds - 480).toBeLessThanOrEqual(76)
      const [alert] = message.alerts
      const lastedSeconds = (Date.parse(alert?.endedAt ?? '') - Date.parse(alert?.since ?? '')) / 1000
      expect(lastedSeconds).toBeGreaterThanOrEqual(180)
      expect(lastedSeconds).toBeLessThanOrEqual(240)
    }
  })

  it('AL-50: is not missed when a host was restarted and it is back within a minute of the alerter', async () => {
    await world.clock.advance('10 minutes')
    world.restart()
    begunAt = (await world.clock.now()).getTime()
    await until(45)
    await until(600, { isAlive: true })
    expect([attempts, await alerts()]).toEqual([[], []])
  })

  /** Every five seconds what is queued is sent, every fifteen the rules are evaluated, as the alerter does. */
  async function until(seconds: number, { isAlive = false } = {}): Promise<void> {
    for (;;) {
      const passed = await secondsPassed()
      if (passed % 15 === 0) {
        if (isAlive) await beat()
        await world.pass()
      }
      for (const integration of ways) await deliver(integration)
      if (passed >= seconds) return
      await world.clock.advance('5 seconds')
    }
  }

  async function secondsPassed(): Promise<number> {
    return Math.round(((await world.clock.now()).getTime() - begunAt) / 1000)
  }

  async function deliver(integration: Integration): Promise<void> {
    const receivers = ways.map(receiverOf)
    const parts = {
      db: world.database.db,
      receivers,
      holder: randomUUID(),
      language: 'en' as const,
      environment: 'test',
      random: () => 0.5,
    }
    await deliverDue(parts, receiverOf(integration), new AbortController().signal)
  }

  function receiverOf(integration: Integration): Receiver {
    return {
      integration,
      shownAddress: integration,
      settings: [],
      limits: [],
      deliver: async ({ message }) => {
        attempts.push({ integration, seconds: await secondsPassed(), message })
        return { class: 'success', providerStatus: null, detail: null, retryAfterMs: null }
      },
      close: () => Promise.resolve(),
    }
  }

  async function beat(): Promise<void> {
    await world.database.db.query(
      `INSERT INTO tds_daemons (id, name, version, host, pid, started_at, beat_at)
       VALUES (md5('worker')::uuid, 'worker', '0', 'one', 1, tds_now(), tds_now())
       ON CONFLICT (id) DO UPDATE SET beat_at = excluded.beat_at`,
    )
  }

  async function alerts() {
    const { rows } = await world.database.db.query<{ severity: string; is_active: boolean; after_s: number }>(
      `SELECT severity::text, is_active, extract(epoch FROM triggered_at - to_timestamp($1))::float8 AS after_s FROM tds_alerts`,
      [begunAt / 1000],
    )
    return rows
  }

  async function states(): Promise<string[]> {
    const { rows } = await world.database.db.query<{ state: string }>('SELECT state FROM tds_alert_states')
    return rows.map(({ state }) => state)
  }
})

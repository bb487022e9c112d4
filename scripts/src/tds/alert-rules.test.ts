import { expectEnvelope } from '../testing/expect-envelope.ts'
import { createTdsWorld, type TdsWorld } from '../testing/tds-world.ts'
import type { Envelope } from './output/envelope.ts'

describe('tds alert-rules', () => {
  let world: TdsWorld

  beforeEach(async () => {
    world = await createTdsWorld()
  })
  afterEach(() => world.drop())

  const json = async (...args: readonly string[]): Promise<Envelope> =>
    expectEnvelope(await world.run(['alert-rules', ...args, '--json']))

  async function stored(): Promise<Record<string, unknown>> {
    const { rows } = await world.db.query<{ key: string; value: string }>(
      `SELECT config_key AS key, config_value AS value FROM tds_configuration
        WHERE config_key LIKE 'alert\\_rule.%' OR config_key = 'queue_backlog_threshold'`,
    )
    return Object.fromEntries(rows.map(({ key, value }) => [key, JSON.parse(value) as unknown]))
  }

  async function actions(): Promise<Record<string, unknown>[]> {
    const { rows } = await world.db.query(
      'SELECT actor, action, subject, reason, facts FROM tds_operator_actions',
    )
    return rows.map((row) => ({ ...row, facts: JSON.parse(String(row['facts'])) as unknown }))
  }

  describe('set', () => {
    it('keeps only what differs, the threshold in its own row, and notes before and after', async () => {
      const line = [
        'set',
        'queue_backlog',
        'threshold=5000',
        'severity=error',
        '--reason',
        'sale',
        '--actor',
        'amal',
      ]
      const { data } = await json(...line)
      expect(data).toMatchObject({
        changes: [
          { key: 'severity', before: 'warning', after: 'error' },
          { key: 'threshold', before: 1000, after: 5000 },
        ],
      })
      expect(await stored()).toEqual({
        queue_backlog_threshold: 5000,
        'alert_rule.queue_backlog': { severity: 'error' },
      })
      expect(await actions()).toMatchObject([
        {
          actor: 'amal',
          action: 'alert_rule.set',
          subject: 'queue_backlog',
          reason: 'sale',
          facts: { before: { threshold: 1000 }, after: { threshold: 5000, severity: 'error' } },
        },
      ])
    })

    it.each([
      [['set', 'queue_backlog', 'threshold=-1'], 'threshold'],
      [['set', 'queue_backlog', 'speed=1'], 'speed: there is no such setting'],
      [['set', 'dlq_open', 'severity=loud', 'threshold=5'], 'severity'],
      [['set', 'dlq_open', 'threshold'], 'key=value'],
      [['set', 'dlq_open'], 'changes'],
    ])('AL-46: refuses %j whole, with exit 2', async (line, problem) => {
      const { exitCode, error } = await json(...line, '--reason', 'a try')
      expect(exitCode).toBe(2)
      expect(error?.message).toContain(problem)
      expect(await stored()).toEqual({ queue_backlog_threshold: 1000 })
      expect(await actions()).toEqual([])
    })

    it('AL-46: of several who change a rule at once none undoes what another has set', async () => {
      const done = await Promise.all([
        json('set', 'dlq_open', 'threshold=5', '--reason', 'one'),
        json('set', 'dlq_open', 'severity=critical', '--reason', 'other'),
        json('set', 'dlq_open', 'keepSeconds=60', '--reason', 'third'),
      ])
      expect(done.map(({ exitCode }) => exitCode)).toEqual([0, 0, 0])
      expect(await stored()).toMatchObject({
        'alert_rule.dlq_open': { threshold: 5, severity: 'critical', keepSeconds: 60 },
      })
      expect(await actions()).toHaveLength(3)
    })

    it('needs a reason, and changes nothing as a rehearsal', async () => {
      expect(await json('set', 'dlq_open', 'threshold=5')).toMatchObject({ exitCode: 2 })
      const { data } = await json('set', 'dlq_open', 'threshold=5', '--reason', 'a try', '--dry-run')
      expect(data).toMatchObject({ changes: [{ key: 'threshold', before: 100, after: 5 }] })
      expect(await stored()).toEqual({ queue_backlog_threshold: 1000 })
    })

    it('takes one setting back with default', async () => {
      await json('set', 'queue_backlog', 'threshold=5000', 'severity=error', '--reason', 'sale')
      await json('set', 'queue_backlog', 'threshold=default', 'severity=default', '--reason', 'over')
      expect(await stored()).toEqual({ queue_backlog_threshold: 1000 })
    })

    it('mends a row that was spoilt by hand', async () => {
      await world.db.query(
        `INSERT INTO tds_configuration (config_key, config_value, value_type) VALUES ('alert_rule.dlq_open', '[1]', 'array')`,
      )
      expect(await json('list')).toMatchObject({ warnings: [{ code: 'rule_setting_refused' }] })
      await json('set', 'dlq_open', 'threshold=5', '--reason', 'mended')
      expect(await stored()).toMatchObject({ 'alert_rule.dlq_open': { threshold: 5 } })
    })
  })

  it('reset takes everything back, and keeps what was before', async () => {
    await json('set', 'queue_backlog', 'threshold=5000', 'forSeconds=5', '--reason', 'sale')
    await json('reset', 'queue_backlog', '--reason', 'over')
    expect(await stored()).toEqual({ queue_backlog_threshold: 1000 })
    expect((await actions())[1]).toMatchObject({
      action: 'alert_rule.reset',
      facts: { before: { threshold: 5000, forSeconds: 5 }, after: { threshold: 1000, forSeconds: 60 } },
    })
  })

  it('list marks what was changed, and show has the values beside the defaults and what is measured', async () => {
    await json('set', 'queue_backlog', 'threshold=5000', '--reason', 'sale')
    const { data } = await json('list')
    const { rules } = data as { rules: { rule: string; changed: string[] }[] }
    expect(rules.filter(({ changed }) => changed.length > 0)).toMatchObject([
      { rule: 'queue_backlog', changed: ['threshold'] },
    ])
    const shown = await json('show', 'queue_backlog')
    expect(shown.data).toMatchObject({
      settings: expect.arrayContaining([
        { key: 'threshold', value: 5000, default: 1000, description: 'events that may wait' },
      ]) as unknown,
      samples: [{ value: 0, threshold: 5000, breaches: false }],
    })
  })

  it('exits 5 for a rule that is not there', async () => {
    expect(await json('show', 'nothing')).toMatchObject({ exitCode: 5, error: { code: 'rule_not_found' } })
  })

  describe('backtest', () => {
    it('tells when the rule would have fired by its settings', async () => {
      await world.db.query(
        `INSERT INTO tds_metrics (metric_name, metric_type, value, recorded_at)
         SELECT 'backlog', 'gauge', to_jsonb(CASE WHEN n BETWEEN 10 AND 15 THEN 1500 WHEN n = 20 THEN 1500 ELSE 10 END),
                date_trunc('minute', tds_now()) - n * interval '1 minute' FROM generate_series(1, 30) n`,
      )
      const { data } = await json('backtest', 'queue_backlog', '--hours', '1')
      expect(data).toMatchObject({ isStored: true, samples: 30, highest: 1500 })
      const { firings } = data as { firings: { firedAt: string; resolvedAt: string }[] }
      // One minute is not long enough; of the other time the first minute is only pending.
      expect(firings).toHaveLength(1)
      const [firing] = firings
      expect(Date.parse(firing?.resolvedAt ?? '') - Date.parse(firing?.firedAt ?? '')).toBe(7 * 60_000)
      await json('set', 'queue_backlog', 'threshold=1500', '--reason', 'higher')
      expect((await json('backtest', 'queue_backlog')).data).toMatchObject({ firings: [] })
    })

    it('asks what workers compared of conservation', async () => {
      await world.db.query(
        `INSERT INTO tds_metrics (metric_name, metric_type, value, recorded_at)
         SELECT 'events_unconserved', 'gauge', to_jsonb(CASE WHEN n = 10 THEN 2 ELSE 0 END),
                date_trunc('minute', tds_now()) - n * interval '1 minute' FROM generate_series(1, 30) n`,
      )
      const { data } = await json('backtest', 'conservation', '--hours', '1')
      expect(data).toMatchObject({ isStored: true, samples: 30, highest: 2, firings: [{ highest: 2 }] })
    })

    it('says so where the past does not keep the number', async () => {
      expect((await json('backtest', 'worker_down')).data).toMatchObject({ isStored: false, firings: [] })
      const { out } = await world.run(['alert-rules', 'backtest', 'worker_down'])
      expect(out).toContain('its number is not in tds_metrics')
    })
  })
})

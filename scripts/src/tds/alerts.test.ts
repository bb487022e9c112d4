import { startHttpPeer, type HttpPeer } from '@tds/alerting/testing'
import { expectEnvelope } from '../testing/expect-envelope.ts'
import { createTdsWorld, type Run, type TdsWorld } from '../testing/tds-world.ts'
import type { Envelope } from './output/envelope.ts'

const unknown = '58d7d51b-6a0e-4c3a-9f61-0d3f6a7f6f10'

describe('tds alerts', () => {
  let world: TdsWorld

  beforeEach(async () => {
    world = await createTdsWorld()
  })
  afterEach(() => world.drop())

  const json = async (...args: readonly string[]): Promise<Envelope> =>
    expectEnvelope(await world.run(['alerts', ...args, '--json']))

  const text = (...args: readonly string[]): Promise<Run> => world.run(['alerts', ...args])

  /** An alert that fires, or is over, as an alerter leaves it. */
  async function alert(
    rule: string,
    o: { readonly severity?: string; readonly over?: boolean } = {},
  ): Promise<string> {
    const { rows } = await world.db.query<{ id: string }>(
      `INSERT INTO tds_alerts (alert_type, severity, title, message, fingerprint, group_key, alert_metadata, is_active, resolved,
              resolved_at, actual_value, threshold_value)
       VALUES ($1, $2::tds_alert_severity, 'Something', 'Something', $1, 'group ' || $1,
               '{"labels": {"entity": "invoice"}, "facts": {"oldest": 7}}', NOT $3, $3, CASE WHEN $3 THEN tds_now() END, '12.5', '10')
       RETURNING id`,
      [rule, o.severity ?? 'error', o.over ?? false],
    )
    await world.db.query(
      `INSERT INTO tds_alert_groups (group_key, route) VALUES ('group ' || $1, 'default') ON CONFLICT DO NOTHING`,
      [rule],
    )
    return rows[0]?.id ?? ''
  }

  async function flushReasons(): Promise<(string | null)[]> {
    const { rows } = await world.db.query<{ flush_reason: string | null }>(
      'SELECT flush_reason FROM tds_alert_groups ORDER BY group_key',
    )
    return rows.map(({ flush_reason: reason }) => reason)
  }

  async function count(table: 'tds_operator_actions' | 'tds_silences'): Promise<number> {
    const { rows } = await world.db.query<{ count: number }>(`SELECT count(*)::int AS count FROM ${table}`)
    return rows[0]?.count ?? 0
  }

  it('list has the active first, the most urgent of them in front, and those that are over where asked for', async () => {
    await alert('sync_lag', { severity: 'warning' })
    await alert('worker_down', { severity: 'critical' })
    await alert('dlq_open', { over: true })
    const rulesOf = ({ data }: Envelope) =>
      (data as { alerts: { rule: string }[] }).alerts.map(({ rule }) => rule)
    const active = await json('list')
    expect(rulesOf(active)).toEqual(['worker_down', 'sync_lag'])
    expect(active.data).toMatchObject({
      alerts: [
        { state: 'firing', value: '12.5', threshold: '10', labels: { entity: 'invoice' }, muted: null },
        { muted: { reason: 'inhibited', by: 'worker_down' } },
      ],
    })
    expect(rulesOf(await json('list', '--all'))).toEqual(['worker_down', 'sync_lag', 'dlq_open'])
    expect(await json('list', '--limit', '1')).toMatchObject({ warnings: [{ code: 'list_cut' }] })
  })

  describe('ack', () => {
    it('notes who has it in hand and until when, and the second beside the first', async () => {
      const id = await alert('sync_lag')
      const { data } = await json('ack', id, '--actor', 'amal', '--reason', 'on it')
      expect(data).toMatchObject({ results: [{ alertId: id, outcome: 'done', by: 'amal' }] })
      expect((await json('ack', id, '--actor', 'basim')).data).toMatchObject({
        results: [{ outcome: 'noted', by: 'amal' }],
      })
      expect((await json('list')).data).toMatchObject({ alerts: [{ acknowledged: { by: 'amal' } }] })
      const { out } = await text('show', id)
      expect(out).toContain('not told: not repeated: amal has it in hand')
      expect(out).toContain('on it')
    })

    it('does what can be done and exits 3, and 6 or 5 where nothing can', async () => {
      const [active, over] = [await alert('sync_lag'), await alert('dlq_open', { over: true })]
      expect(await json('ack', over, active)).toMatchObject({
        exitCode: 3,
        data: { results: [{ outcome: 'alert_not_active' }, { outcome: 'done' }] },
      })
      expect(await json('ack', over)).toMatchObject({ exitCode: 6, error: { code: 'alert_not_active' } })
      expect(await json('unack', unknown)).toMatchObject({ exitCode: 5, error: { code: 'alert_not_found' } })
      expect(await json('ack', 'seven')).toMatchObject({ exitCode: 2 })
      expect(await json('ack', active, '--hours', '721')).toMatchObject({ exitCode: 2 })
    })

    it('changes nothing as a rehearsal', async () => {
      const id = await alert('sync_lag')
      expect(await json('ack', id, '--dry-run')).toMatchObject({ dryRun: true, exitCode: 0 })
      expect((await json('list')).data).toMatchObject({ alerts: [{ acknowledged: null }] })
      expect(await count('tds_operator_actions')).toBe(0)
    })
  })

  it('unack has the group told at once, with the reason', async () => {
    const id = await alert('sync_lag')
    await json('ack', id)
    expect(await flushReasons()).toEqual([null])
    expect((await json('unack', id)).data).toMatchObject({ results: [{ outcome: 'done', by: null }] })
    expect(await flushReasons()).toEqual(['acknowledgement ended'])
  })

  describe('silence', () => {
    it('keeps quiet what all of its conditions catch, shows it, and is listed until it is ended', async () => {
      const id = await alert('sync_lag')
      await alert('dlq_open')
      const line = ['silence', 'rule=sync_lag|queue_backlog', 'entity!=product|bill', '--for', '2h']
      const made = await json(...line, '--reason', 'we know', '--actor', 'amal')
      expect(made.data).toMatchObject({
        silence: {
          state: 'active',
          catches: 'rule=sync_lag|queue_backlog entity!=product entity!=bill',
          author: 'amal',
        },
        caught: [{ alertId: id, rule: 'sync_lag' }],
      })
      const { silenceId, startsAt, endsAt } = (made.data as { silence: Record<string, string> }).silence
      expect(Date.parse(endsAt ?? '') - Date.parse(startsAt ?? '')).toBe(2 * 3_600_000)
      const listed = (await json('list')).data as { alerts: { rule: string; muted: unknown }[] }
      expect(listed.alerts.find(({ rule }) => rule === 'sync_lag')?.muted).toEqual({
        reason: 'silenced',
        by: silenceId,
      })
      expect((await json('silences')).data).toMatchObject({ silences: [{ silenceId, reason: 'we know' }] })
      const ended = await json('unsilence', silenceId ?? '', '--actor', 'basim')
      expect(ended.data).toMatchObject({ silence: { state: 'expired', endedBy: 'basim' } })
      expect((await json('silences')).data).toEqual({ silences: [] })
      expect((await json('silences', '--expired')).data).toMatchObject({ silences: [{ silenceId }] })
      expect(await json('unsilence', silenceId ?? '')).toMatchObject({ exitCode: 6 })
      expect(await count('tds_operator_actions')).toBe(2)
    })

    it.each([
      [['--for', '2h'], 2, 'must name what it catches'],
      [['rule=sync_lag'], 2, '--for and --until'],
      [['rule=sync_lag', '--for', '2h', '--until', '2030-01-01T00:00:00Z'], 2, '--for and --until'],
      [['rule=sync_lag', '--for', 'long'], 2, '--for'],
      [['rule=sync_lag', '--until', '2030-01-01'], 2, '--until'],
      [['rule=sync_lag', '--until', '2020-01-01T00:00:00Z'], 2, 'cannot end'],
      [['rule=sync_lag', '--for', '31d'], 2, 'longer than 30 days'],
      [['sync_lag', '--for', '2h'], 2, 'expected label=value'],
      [['severity!=loud', '--for', '2h'], 4, 'catches everything'],
    ])('AL-20: refuses %j with exit %i', async (line, exitCode, problem) => {
      const refused = await json('silence', ...line, '--reason', 'we know')
      expect(refused).toMatchObject({ exitCode })
      expect(refused.error?.message).toContain(problem)
      expect(refused.error?.hint).not.toBe('')
      expect(await count('tds_silences')).toBe(0)
    })

    it('AL-20: needs a reason that says something', async () => {
      const line = ['silence', 'rule=sync_lag', '--for', '2h']
      expect(await json(...line)).toMatchObject({ exitCode: 2 })
      expect(await json(...line, '--reason', '  ')).toMatchObject({ error: { code: 'silence_refused' } })
    })

    it('catches everything only with --everything, and warns of a rule that there is none of', async () => {
      const line = ['silence', '--for', '30m', '--reason', 'moving', '--everything', '--dry-run']
      await alert('sync_lag')
      expect((await json(...line)).data).toMatchObject({ caught: [{ rule: 'sync_lag' }] })
      expect(await count('tds_silences')).toBe(0)
      const slip = await json('silence', 'rule=sync_lagg', '--for', '2h', '--reason', 'we know')
      expect(slip.warnings).toMatchObject([{ code: 'no_such_rule' }])
    })
  })

  describe('show', () => {
    it('tells the story, why a receiver was not told, and what became of the messages', async () => {
      const id = await alert('sync_lag')
      await world.db.query(
        `INSERT INTO tds_alert_timeline (alert_id, fingerprint, rule, event, receiver, reason)
         VALUES ($1, 'sync_lag', 'sync_lag', 'fired', NULL, NULL), ($1, 'sync_lag', 'sync_lag', 'not_sent', 'team/slack', 'flapping')`,
        [id],
      )
      await message({ alertIds: [id], state: 'dead', detail: 'the channel is gone' })
      await message({ state: 'delivered' })
      const { data } = await json('show', id)
      expect(data).toMatchObject({
        alert: { alertId: id, rule: 'sync_lag' },
        facts: { oldest: 7 },
        quiet: [{ receiver: 'team/slack', reason: 'flapping' }],
        timeline: [{ event: 'fired' }, { event: 'not_sent' }],
        messages: [{ state: 'dead', detail: 'the channel is gone' }],
      })
    })

    it('says so where nothing was decided yet', async () => {
      const id = await alert('sync_lag')
      expect((await json('show', id)).data).toMatchObject({ quiet: [{ reason: 'nothing is under way' }] })
    })

    it('exits 5 for an alert that is not there', async () => {
      expect(await json('show', unknown)).toMatchObject({ exitCode: 5 })
    })
  })

  describe('deliveries', () => {
    it('lists the newest first, page by page, and those that failed alone where asked for', async () => {
      for (const state of ['delivered', 'dead', 'delivered']) await message({ state })
      const statesOf = ({ data }: Envelope) =>
        (data as { deliveries: { state: string }[] }).deliveries.map(({ state }) => state)
      const first = await json('deliveries', '--limit', '2')
      expect(statesOf(first)).toHaveLength(2)
      const rest = await json('deliveries', '--cursor', String(first.meta.nextCursor))
      expect(statesOf(rest)).toHaveLength(1)
      expect(statesOf(await json('deliveries', '--failed'))).toEqual(['dead'])
    })

    it('names who of several did not get a mail', async () => {
      await message({
        state: 'delivered',
        recipients: [
          { recipient: 'a@x.test', delivered: true, detail: null },
          { recipient: 'b@x.test', delivered: false, detail: '550 unknown' },
        ],
      })
      expect((await text('deliveries')).out).toContain('not to b@x.test: 550 unknown')
    })
  })

  it('receivers says how each is, by what the alerter knows', async () => {
    await world.db.query(
      `INSERT INTO tds_receiver_states (integration, broken_since, failures, last_error)
       VALUES ('slack', tds_now(), 1, '403'), ('email', NULL, 0, NULL), ('webhook', NULL, 3, 'cut')`,
    )
    expect((await json('receivers')).data).toMatchObject({
      receivers: [
        { integration: 'email', condition: 'working' },
        { integration: 'slack', condition: 'broken', lastError: '403' },
        { integration: 'webhook', condition: 'failing' },
      ],
    })
  })

  describe('test', () => {
    let slack: HttpPeer

    beforeEach(async () => {
      slack = await startHttpPeer({ status: 200, body: 'ok' })
    })
    afterEach(() => slack.stop())

    const test = async (...args: readonly string[]): Promise<Envelope> => {
      const env = { SLACK_WEBHOOK_URL: `${slack.url}/services/secret-part`, TDS_ENVIRONMENT: 'staging' }
      return expectEnvelope(await world.run(['alerts', 'test', ...args, '--json'], { env }))
    }

    it('AL-35: sends one message, says what came of it, and keeps who asked', async () => {
      const sent = await test('slack', '--actor', 'amal')
      expect(sent).toMatchObject({ exitCode: 0, data: { sent: true, outcome: 'success' } })
      expect(JSON.stringify(sent)).not.toContain('secret-part')
      expect(slack.requests).toHaveLength(1)
      expect((await json('deliveries')).data).toMatchObject({
        deliveries: [{ kind: 'test', state: 'delivered' }],
      })
      const { rows } = await world.db.query('SELECT actor, action, subject FROM tds_operator_actions')
      expect(rows).toEqual([{ actor: 'amal', action: 'receiver.test', subject: 'slack' }])
    })

    it('sends nothing as a rehearsal', async () => {
      expect((await test('slack', '--dry-run')).data).toMatchObject({ sent: false })
      expect(slack.requests).toHaveLength(0)
    })

    it('AL-35: exits 8 where it is refused, and 2 where it is not configured or there is no such way', async () => {
      slack.willAnswer({ status: 403, body: 'invalid_token' })
      expect(await test('slack')).toMatchObject({
        exitCode: 8,
        data: { outcome: 'broken', providerStatus: '403' },
      })
      expect((await json('receivers')).data).toMatchObject({ receivers: [{ condition: 'broken' }] })
      expect(await test('email')).toMatchObject({ exitCode: 2, error: { code: 'receiver_unknown' } })
      expect(await test('pigeon')).toMatchObject({ exitCode: 2 })
    })

    it("leaves the alerter's receiver as it is where the alerter works with other variables, and says so", async () => {
      await world.db.query(
        `INSERT INTO tds_receiver_states (integration, settings_mark) VALUES ('slack', 'else')`,
      )
      slack.willAnswer({ status: 403, body: 'invalid_token' })
      expect(await test('slack')).toMatchObject({ exitCode: 8, warnings: [{ code: 'other_settings' }] })
      expect((await json('receivers')).data).toMatchObject({
        receivers: [{ condition: 'working', failures: 0 }],
      })
    })
  })

  async function message(o: {
    readonly state: string
    readonly alertIds?: readonly string[]
    readonly detail?: string
    readonly recipients?: readonly object[]
  }): Promise<void> {
    await world.db.query(
      `INSERT INTO tds_notifications (receiver, integration, kind, severity, message, alert_ids, state, finished_at, expires_at, detail,
              recipients)
       VALUES ('team/slack', 'slack', 'firing', 'error', '{}', $1::uuid[], $2, tds_now(), tds_now() + interval '1 hour', $3, $4::jsonb)`,
      [
        o.alertIds ?? [],
        o.state,
        o.detail ?? null,
        o.recipients === undefined ? null : JSON.stringify(o.recipients),
      ],
    )
  }
})

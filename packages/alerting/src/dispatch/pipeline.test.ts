import { insertSilence } from '@tds/db'
import { type AlertingWorld, createAlertingWorld } from '../testing/alerting-world.ts'

const minute = 60
function many(count: number) {
  return Array.from({ length: count }, (_, place) => ({
    labels: { entity: `e${String(place)}` },
    value: place + 1,
  }))
}

describe('the way of an alert', () => {
  let world: AlertingWorld

  beforeEach(async () => {
    world = await createAlertingWorld()
  })

  afterEach(async () => {
    await world.stop()
  })

  async function silence(rule: string, minutes: number): Promise<void> {
    const now = await world.clock.now()
    await insertSilence(world.database.db, {
      matchers: JSON.stringify([{ label: 'rule', op: '=', values: [rule] }]),
      startsAt: null,
      endsAt: new Date(now.getTime() + minutes * 60_000).toISOString(),
      author: 'test',
      reason: 'we know',
    })
  }

  it('AL-13: tells of sixty in one message that names twenty, and of the next change not before five minutes', async () => {
    world.say('backlog', many(60))
    await world.run(30)
    expect(await world.kinds()).toEqual([])
    await world.run(15)
    const [first] = await world.messages()
    expect(first?.message).toMatchObject({ kind: 'firing', more: 40, counts: { firing: 60, resolved: 0 } })
    expect(first?.message.alerts).toHaveLength(20)
    world.say('backlog', many(61))
    await world.run(4 * minute)
    expect(await world.kinds()).toEqual(['firing'])
    await world.run(minute + 30)
    expect(await world.kinds()).toEqual(['firing', 'firing'])
  })

  it('AL-14: tells of what joins a minute later with the next change of the group, and once', async () => {
    world.say('backlog', many(2))
    await world.run(minute)
    world.say('backlog', many(3))
    await world.run(4 * minute)
    expect(await world.kinds()).toEqual(['firing'])
    await world.run(10 * minute)
    const told = await world.messages()
    expect(told.map(({ kind, message }) => [kind, message.counts.firing])).toEqual([
      ['firing', 2],
      ['firing', 3],
    ])
    expect(told[1]?.message.alerts.map(({ labels }) => labels['entity']).sort()).toEqual(['e0', 'e1', 'e2'])
  })

  it('AL-34: tells at once, after three hours without an alerter, of what fires, and nothing of the unknown', async () => {
    world.set('lag', { severity: 'critical' })
    world.set('old', { severity: 'critical' })
    world.say('old', [{}])
    world.say('lag', [])
    await world.run(2 * minute)
    await world.clock.advance('3 hours')
    // Meanwhile `lag` began, `old` ended, and `brief` came and went: of that nobody knew, so nobody hears that it is over.
    world.say('old', [])
    world.say('lag', [{}])
    world.say('brief', [])
    world.restart()
    await world.run(15)
    const [before, ...after] = await world.messages('everyone/slack')
    expect([before?.kind, before?.message.alerts[0]?.rule]).toEqual(['firing', 'old'])
    expect(after.map(({ kind, message }) => [kind, message.alerts[0]?.rule]).sort()).toEqual([
      ['firing', 'lag'],
      ['resolved', 'old'],
    ])
    await world.run(5 * minute)
    expect(await world.kinds('everyone/slack')).toHaveLength(3)
  })

  it('AL-15: repeats what nobody takes in hand, numbered, and nothing that somebody has', async () => {
    world.set('lag', { severity: 'error' })
    world.say('lag', [{}])
    await world.run(70 * minute, { every: 60 })
    const told = await world.messages()
    expect(told.map(({ kind, message }) => [kind, message.repeat])).toEqual([
      ['firing', 0],
      ['repeat', 1],
    ])
    await world.database.db.query(`UPDATE tds_alerts SET acknowledged = true`)
    await world.run(80 * minute, { every: 60 })
    expect(await world.kinds()).toEqual(['firing', 'repeat'])
  })

  it('AL-16: says nothing of a warning that was short, and one thing of an error that was', async () => {
    world.say('brief', [{}])
    world.set('grave', { severity: 'error' })
    world.say('grave', [{}])
    await world.pass()
    world.say('brief', [])
    world.say('grave', [])
    await world.run(5 * minute)
    const told = await world.messages()
    expect(told.map(({ kind, message }) => [kind, message.alerts[0]?.rule])).toEqual([['combined', 'grave']])
    const { rows } = await world.database.db.query('SELECT resolved FROM tds_alerts ORDER BY alert_type')
    expect(rows).toEqual([{ resolved: true }, { resolved: true }])
  })

  it('tells in the place of a message that never left what that one would have told', async () => {
    world.set('lag', { severity: 'critical' })
    world.say('lag', many(3))
    await world.run(15)
    world.say('lag', many(2))
    await world.run(2 * minute, { deliver: false })
    expect(await world.kinds('everyone/slack')).toEqual(['firing', 'update'])
    world.say('lag', [])
    await world.run(2 * minute, { deliver: false })
    const [, instead, ...more] = await world.messages('everyone/slack')
    expect(more).toEqual([])
    const over = instead?.message.alerts.filter(({ state }) => state === 'resolved')
    expect(over?.map(({ labels }) => labels['entity']).sort()).toEqual(['e0', 'e1', 'e2'])
  })

  it('AL-17, AL-19: is quiet under a silence, says so, and tells at once of what fires when it ends or again', async () => {
    world.set('lag', { severity: 'critical' })
    await silence('lag', 10)
    world.say('lag', [{}])
    await world.run(2 * minute)
    expect(await world.kinds('everyone/slack')).toEqual([])
    expect(await world.reasons('lag')).toEqual(['silenced'])
    world.say('lag', [])
    await world.run(9 * minute)
    expect(await world.kinds('everyone/slack')).toEqual([])
    world.say('lag', [{}])
    await world.run(30)
    expect(await world.kinds('everyone/slack')).toEqual(['firing'])
    await silence('lag', 3)
    await world.run(3 * minute)
    expect(await world.kinds('everyone/slack')).toEqual(['firing'])
    await world.run(30)
    const told = await world.messages('everyone/slack')
    expect(told.map(({ message }) => message.reason)).toEqual([null, 'silence ended'])
  })

  it('AL-18: tells in spite of a silence that what people know of is over', async () => {
    world.set('lag', { severity: 'critical' })
    world.say('lag', [{}])
    await world.run(30)
    await silence('lag', 60)
    world.say('lag', [])
    await world.run(2 * minute)
    expect(await world.kinds('everyone/slack')).toEqual(['firing', 'resolved'])
  })

  it('AL-21: tells the cause and lists the consequences, and tells these when the cause is gone and they are not', async () => {
    world.set('worker_down', { severity: 'critical' })
    world.say('worker_down', [{}])
    world.say('queue_backlog', [{}])
    world.say('sync_lag', [{}])
    await world.run(10 * minute)
    expect(await world.kinds('everyone/slack')).toEqual(['firing'])
    expect(await world.kinds()).toEqual([])
    expect([...(await world.reasons('queue_backlog')), ...(await world.reasons('sync_lag'))]).toEqual([
      'inhibited',
      'inhibited',
    ])
    world.say('worker_down', [])
    world.say('sync_lag', [])
    await world.run(6 * minute)
    expect((await world.messages()).map(({ message }) => message.alerts[0]?.rule)).toEqual(['queue_backlog'])
  })

  it('AL-24: tells once that something flaps, then nothing of a warning, and that it is quiet again', async () => {
    for (let cycle = 0; cycle < 6; cycle += 1) {
      world.say('flaky', [{}])
      await world.run(6 * minute, { every: 30 })
      world.say('flaky', [])
      await world.run(2 * minute, { every: 30 })
    }
    const kinds = await world.kinds()
    expect(kinds.filter((kind) => kind === 'flapping')).toHaveLength(1)
    expect(kinds.indexOf('flapping')).toBe(kinds.length - 1)
    expect(await world.reasons('flaky')).toContain('flapping')
    await world.run(60 * minute, { every: 60 })
    expect((await world.kinds()).slice(-2)).toEqual(['flapping', 'stable'])
  })

  it('puts one message in the place of one that could not be delivered before all was over', async () => {
    world.set('lag', { severity: 'critical' })
    world.say('lag', [{}])
    await world.run(30, { deliver: false })
    world.say('lag', [])
    await world.run(2 * minute, { deliver: false })
    expect(await world.kinds('everyone/slack')).toEqual(['combined'])
    const { rows } = await world.database.db.query<{ state: string }>(
      'SELECT state FROM tds_notifications ORDER BY created_at, sequence',
    )
    expect(rows.map(({ state }) => state)).toEqual(['merged', 'queued'])
  })

  it('AL-11: is quiet where a rule was made milder, and tells where it was switched off', async () => {
    world.say('mild', [{ value: 5, threshold: 1 }])
    world.say('off', [{}])
    await world.run(minute)
    world.say('mild', [{ value: 5, threshold: 10, breaches: false }])
    world.set('off', { enabled: false })
    await world.run(6 * minute)
    const told = await world.messages()
    const over = told.filter(({ kind }) => kind === 'resolved')
    expect(over.map(({ message }) => message.alerts[0]?.rule)).toEqual(['off'])
  })

  it('AL-10: leaves a rule alone that cannot be measured, and goes on with the others', async () => {
    world.say('blind', [{}])
    world.say('seeing', [])
    await world.run(minute)
    world.say('blind', new Error('no such table'))
    world.say('seeing', [{}])
    await world.run(10 * minute)
    const { rows } = await world.database.db.query(`SELECT rule, state FROM tds_alert_states ORDER BY rule`)
    expect(rows).toEqual([
      { rule: 'blind', state: 'firing' },
      { rule: 'seeing', state: 'firing' },
    ])
    const runs = await world.database.db.query<{ failures: number; error: string | null }>(
      `SELECT failures, error FROM tds_alert_rule_runs WHERE rule = 'blind'`,
    )
    expect(runs.rows).toEqual([{ failures: 40, error: 'no such table' }])
  })

  it('AL-48: tells nothing twice when an alerter starts again twenty times in ten minutes, and repeats when it is due', async () => {
    world.set('lag', { severity: 'critical' })
    world.say('lag', [{}])
    for (let start = 0; start < 20; start += 1) {
      world.restart()
      await world.run(30)
    }
    expect(await world.kinds('everyone/slack')).toEqual(['firing'])
    await world.run(6 * minute)
    expect(await world.kinds('everyone/slack')).toEqual(['firing', 'repeat'])
  })

  it('AL-33: writes nothing for a leader whose time is over, and the next one goes on where it stood', async () => {
    world.set('lag', { severity: 'critical' })
    world.say('lag', [{}])
    const over = { guard: () => Promise.reject(new Error('lease_lost')) }
    await expect(world.pass({ lease: over })).rejects.toThrow('lease_lost')
    const { rows } = await world.database.db.query('SELECT 1 FROM tds_alert_states')
    expect(rows).toEqual([])
    world.restart()
    await world.run(30)
    expect(await world.kinds('everyone/slack')).toEqual(['firing'])
  })

  it('AL-49: changes no state in the pass in which the clock has jumped, and says that it did', async () => {
    world.set('age', { forSeconds: 600 })
    world.say('age', [{}])
    await world.run(30)
    await world.clock.advance('20 minutes')
    await world.pass({ jump: 1200 })
    expect(await states()).toEqual(['age pending'])
    await world.run(15)
    expect(await states()).toEqual(['age pending', 'clock_jump firing'])
    await world.run(2 * minute)
    expect(await states()).toEqual(['age pending'])
  })

  it('AL-12: tells of one entity only, and in Postgres of which', async () => {
    world.say('no_events', [{ labels: { entity: 'invoice' } }])
    await world.run(minute)
    const { rows } = await world.database.db.query('SELECT entity_type::text, alert_type FROM tds_alerts')
    expect(rows).toEqual([{ entity_type: 'invoice', alert_type: 'no_events' }])
  })

  async function states(): Promise<string[]> {
    const { rows } = await world.database.db.query<{ says: string }>(
      `SELECT rule || ' ' || state AS says FROM tds_alert_states ORDER BY 1`,
    )
    return rows.map(({ says }) => says)
  }
})

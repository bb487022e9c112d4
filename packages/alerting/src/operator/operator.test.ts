import { type AlertingWorld, createAlertingWorld } from '../testing/alerting-world.ts'
import { acknowledgeAlert, unacknowledgeAlert } from './acknowledge.ts'
import { listAlerts, showAlert } from './list-alerts.ts'
import { addSilence, endSilence, type WantedSilence } from './silence.ts'

const minute = 60
const hourMs = 3_600_000

function by(actor: string, o: { readonly reason?: string | null; readonly dryRun?: boolean } = {}) {
  return { actor, reason: 'we know', dryRun: false, via: 'test', ...o }
}

describe('what people do with alerts', () => {
  let world: AlertingWorld

  beforeEach(async () => {
    world = await createAlertingWorld()
  })

  afterEach(async () => {
    await world.stop()
  })

  async function fire(rule: string, severity: 'critical' | 'error' | 'warning' = 'error'): Promise<string> {
    world.set(rule, { severity })
    world.say(rule, [{}])
    await world.run(minute)
    const { rows } = await world.database.db.query<{ id: string }>(
      'SELECT id FROM tds_alerts WHERE alert_type = $1 AND is_active',
      [rule],
    )
    return rows[0]?.id ?? ''
  }

  async function story(id: string): Promise<string[]> {
    const { timeline } = await showAlert(world.database.db, id)
    return timeline.map(({ event }) => event)
  }

  async function actions(): Promise<Record<string, unknown>[]> {
    const { rows } = await world.database.db.query(
      'SELECT actor, action, subject, reason FROM tds_operator_actions ORDER BY acted_at, action',
    )
    return rows
  }

  async function hoursHeld(id: string): Promise<number | null> {
    const { rows } = await world.database.db.query<{ hours: number | null }>(
      `SELECT (extract(epoch FROM acknowledged_until - acknowledged_at) / 3600)::float8 AS hours FROM tds_alerts WHERE id = $1`,
      [id],
    )
    return rows[0]?.hours ?? null
  }

  describe('acknowledgeAlert', () => {
    it.each([
      ['critical', null, 4],
      ['error', null, 24],
      ['warning', null, 24],
      ['critical', 8, 8],
      ['error', 0, null],
    ] as const)('holds a %s for %p hours asked for until %p hours later', async (severity, hours, held) => {
      const id = await fire('lag', severity)
      await acknowledgeAlert(world.database.db, { id, hours }, by('amal'))
      expect(await hoursHeld(id)).toBe(held)
    })

    it('AL-43: keeps the first of two who come at the same moment, and notes both', async () => {
      const id = await fire('lag')
      const { db } = world.database
      const done = await Promise.all(
        ['amal', 'basim'].map((name) => acknowledgeAlert(db, { id, hours: null }, by(name))),
      )
      expect(done.filter(({ changed }) => changed)).toHaveLength(1)
      expect(new Set(done.map(({ by: holder }) => holder)).size).toBe(1)
      expect((await story(id)).filter((event) => event === 'acknowledged')).toHaveLength(2)
      expect((await actions()).map(({ action, subject }) => [action, subject])).toEqual([
        ['alert.acknowledge', id],
        ['alert.acknowledge', id],
      ])
    })

    it('AL-43: refuses what is over, and what is not there', async () => {
      const id = await fire('lag')
      world.say('lag', [])
      await world.run(minute)
      const { db } = world.database
      const wanted = { id, hours: null }
      await expect(acknowledgeAlert(db, wanted, by('amal'))).rejects.toMatchObject({
        code: 'alert_not_active',
      })
      await expect(unacknowledgeAlert(db, id, by('amal'))).rejects.toMatchObject({ code: 'alert_not_active' })
      const unknown = { id: '58d7d51b-6a0e-4c3a-9f61-0d3f6a7f6f10', hours: null }
      await expect(acknowledgeAlert(db, unknown, by('amal'))).rejects.toMatchObject({
        code: 'alert_not_found',
      })
    })

    it('is given to the next one where the time of the first is over and no alerter has noticed', async () => {
      const id = await fire('lag')
      const { db } = world.database
      await acknowledgeAlert(db, { id, hours: 1 }, by('amal'))
      await world.clock.advance('61 minutes')
      expect(await acknowledgeAlert(db, { id, hours: 1 }, by('basim'))).toMatchObject({
        by: 'basim',
        changed: true,
      })
    })

    it('AL-15: stops the repeats, and a rehearsal does not', async () => {
      const id = await fire('lag')
      const { db } = world.database
      expect(await acknowledgeAlert(db, { id, hours: null }, by('amal', { dryRun: true }))).toMatchObject({
        by: 'amal',
        changed: true,
      })
      expect(await actions()).toEqual([])
      await world.run(70 * minute, { every: 60 })
      expect(await world.kinds()).toEqual(['firing', 'repeat'])
      await acknowledgeAlert(db, { id, hours: null }, by('amal'))
      await world.run(70 * minute, { every: 60 })
      expect(await world.kinds()).toEqual(['firing', 'repeat'])
    })
  })

  it('AL-38: reminds a quarter of an hour before an acknowledgement ends, once, and tells anew when it has', async () => {
    const id = await fire('lag', 'critical')
    const { db } = world.database
    await acknowledgeAlert(db, { id, hours: null }, by('amal'))
    const told = async () =>
      (await world.messages('everyone/slack')).map(({ kind, message }) => [kind, message.reason])
    await world.run(224 * minute, { every: 60 })
    expect(await told()).toEqual([['firing', null]])
    await world.run(15 * minute, { every: 60 })
    const reminded = [
      ['firing', null],
      ['repeat', 'acknowledgement ends soon'],
    ]
    expect(await told()).toEqual(reminded)
    await world.run(2 * minute, { every: 60 })
    expect(await told()).toEqual([...reminded, ['firing', 'acknowledgement ended']])
    expect((await story(id)).filter((event) => event === 'reminded')).toHaveLength(1)
  })

  it('reminds nobody of an acknowledgement that is short, or of what is silenced', async () => {
    const { db } = world.database
    await acknowledgeAlert(db, { id: await fire('brief', 'critical'), hours: 0.25 }, by('amal'))
    await world.run(14 * minute, { every: 60 })
    await acknowledgeAlert(db, { id: await fire('muted', 'critical'), hours: 1 }, by('amal'))
    await addSilence(
      db,
      {
        matchers: [{ label: 'rule', op: '=', values: ['muted'] }],
        startsAt: null,
        end: { ms: 2 * hourMs },
        everything: false,
      },
      by('amal'),
    )
    await world.run(59 * minute, { every: 60 })
    const reasons = (await world.messages('everyone/slack')).map(({ message }) => message.reason)
    expect(reasons).not.toContain('acknowledgement ends soon')
  })

  describe('unacknowledgeAlert', () => {
    it('has people told anew at once, with the reason', async () => {
      const id = await fire('lag')
      const { db } = world.database
      await acknowledgeAlert(db, { id, hours: null }, by('amal'))
      await unacknowledgeAlert(db, id, by('basim'))
      await world.run(15)
      const told = await world.messages()
      expect(told.map(({ kind, message }) => [kind, message.reason])).toEqual([
        ['firing', null],
        ['firing', 'acknowledgement ended'],
      ])
      expect(await story(id)).toContain('unacknowledged')
    })

    it('does nothing where nobody has it', async () => {
      const id = await fire('lag')
      const { db } = world.database
      expect(await unacknowledgeAlert(db, id, by('amal'))).toMatchObject({ changed: false })
      await world.run(15)
      expect(await world.kinds()).toEqual(['firing'])
      expect(await actions()).toEqual([])
    })
  })

  describe('addSilence', () => {
    const lag: WantedSilence = {
      matchers: [{ label: 'rule', op: '=', values: ['lag'] }],
      startsAt: null,
      end: { ms: 2 * hourMs },
      everything: false,
    }

    it('AL-20: refuses an end before the start or past, more than 30 days, nothing, everything, and no reason', async () => {
      const { db } = world.database
      const now = await world.clock.now()
      const later = (hours: number) => new Date(now.getTime() + hours * hourMs)
      const code = async (o: Partial<WantedSilence>, reason: string | null = 'we know') =>
        addSilence(db, { ...lag, ...o }, by('amal', { reason })).then(
          () => 'made',
          (error: unknown) => (error as { code: string }).code,
        )
      expect(await code({ startsAt: later(5), end: later(4) })).toBe('silence_refused')
      expect(await code({ end: later(-1) })).toBe('silence_refused')
      expect(await code({ end: later(31 * 24) })).toBe('silence_refused')
      expect(await code({ matchers: [] })).toBe('silence_refused')
      expect(await code({}, '  x ')).toBe('silence_refused')
      expect(await code({}, null)).toBe('silence_refused')
      expect(await code({ matchers: [{ label: 'entity', op: '!=', values: ['product'] }] })).toBe(
        'silence_catches_everything',
      )
      const all = ['info', 'warning', 'error', 'critical']
      expect(await code({ matchers: [{ label: 'severity', op: 'in', values: all }] })).toBe(
        'silence_catches_everything',
      )
      expect(await code({ matchers: [{ label: 'rule', op: '!=', values: ['no_such'] }] })).toBe(
        'silence_catches_everything',
      )
      expect(await code({ matchers: [{ label: 'severity', op: '!=', values: ['critical'] }] })).toBe('made')
      expect(await code({ end: later(30 * 24) })).toBe('made')
      expect(await code({ matchers: [], everything: true })).toBe('made')
    })

    it('AL-17, AL-19: keeps quiet, and is told of at its end by hand', async () => {
      const { db } = world.database
      const { silence } = await addSilence(db, lag, by('amal'))
      const id = await fire('lag')
      expect(await world.kinds()).toEqual([])
      const [alert] = await listAlerts(db, { all: false, limit: 10 })
      expect(alert).toMatchObject({ state: 'firing', mute: { reason: 'silenced', by: silence.id } })
      expect((await showAlert(db, id)).notSent).toEqual(new Map([['team/slack', 'silenced']]))
      await endSilence(db, silence.id, by('basim'))
      await world.run(15)
      expect((await world.messages()).map(({ message }) => message.reason)).toEqual(['silence ended'])
      await expect(endSilence(db, silence.id, by('amal'))).rejects.toMatchObject({ code: 'silence_over' })
      expect((await actions()).map(({ action, actor }) => [action, actor])).toEqual([
        ['silence.add', 'amal'],
        ['silence.end', 'basim'],
      ])
    })

    it('shows what it would catch now, also as a rehearsal, which keeps nothing quiet', async () => {
      const id = await fire('lag')
      await fire('other')
      const { db } = world.database
      const { caught, unknownRules } = await addSilence(db, lag, by('amal', { dryRun: true }))
      expect(caught.map((episode) => episode.id)).toEqual([id])
      expect(unknownRules).toEqual(['lag'])
      expect(await story(id)).not.toContain('silenced')
      await addSilence(db, lag, by('amal'))
      expect(await story(id)).toContain('silenced')
    })

    it('is gone at once when it is ended before it began, and nobody is told of an end', async () => {
      await fire('lag')
      const { db } = world.database
      const startsAt = new Date((await world.clock.now()).getTime() + hourMs)
      const { silence } = await addSilence(db, { ...lag, startsAt }, by('amal'))
      expect(silence.state).toBe('pending')
      const { silence: ended } = await endSilence(db, silence.id, by('amal'))
      expect(ended.state).toBe('expired')
      await world.run(15)
      expect(await world.kinds()).toEqual(['firing'])
    })
  })

  it('AL-21: an alert that another explains says by which rule', async () => {
    await fire('worker_down', 'critical')
    await fire('queue_backlog', 'warning')
    const alerts = await listAlerts(world.database.db, { all: false, limit: 10 })
    expect(alerts.map(({ episode, mute }) => [episode.alert_type, mute])).toEqual([
      ['worker_down', null],
      ['queue_backlog', { reason: 'inhibited', by: 'worker_down' }],
    ])
  })

  it('an alert shows its messages and when it is next looked at', async () => {
    const id = await fire('lag')
    const { messages, nextLookAt } = await showAlert(world.database.db, id)
    expect(messages).toMatchObject([{ receiver: 'team/slack', kind: 'firing', state: 'delivered' }])
    expect(nextLookAt).not.toBeNull()
  })
})

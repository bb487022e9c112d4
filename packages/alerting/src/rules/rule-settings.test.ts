import { captureLogs } from '@tds/runtime/testing'
import { createRuleWorld, type RuleWorld } from '../testing/rule-world.ts'
import { dlqOpen } from './dlq-open.ts'
import { queueBacklog } from './queue-backlog.ts'
import { createRuleSettings, settleRule } from './rule-settings.ts'

describe('settleRule', () => {
  const settle = (stored: Record<string, unknown>, before?: ReturnType<typeof settleRule>) =>
    settleRule(queueBacklog, new Map(Object.entries(stored)), before)

  it('gives the defaults where nothing is stored', () => {
    expect(settle({})).toEqual({
      rule: queueBacklog,
      timing: { enabled: true, severity: 'warning', forSeconds: 60, keepSeconds: 120 },
      settings: { threshold: 1000, clearShare: 0.8 },
      problems: [],
    })
  })

  it('takes the threshold from its own row, and the rest from the row of the rule', () => {
    const settled = settle({
      queue_backlog_threshold: 5000,
      'alert_rule.queue_backlog': { severity: 'error', forSeconds: 0, clearShare: 0.5 },
    })
    expect(settled).toMatchObject({
      timing: { enabled: true, severity: 'error', forSeconds: 0, keepSeconds: 120 },
      settings: { threshold: 5000, clearShare: 0.5 },
      problems: [],
    })
  })

  it('refuses what is wrong with its name, and takes the rest of the row', () => {
    const settled = settle({ 'alert_rule.queue_backlog': { severity: 'loud', forSeconds: 5, speed: 1 } })
    expect(settled.timing).toMatchObject({ severity: 'warning', forSeconds: 5 })
    expect(settled.problems).toEqual([
      expect.stringMatching(/^severity: /),
      'speed: there is no such setting',
    ])
  })

  it('keeps the last good value where a later one is refused', () => {
    const good = settle({ queue_backlog_threshold: 5000, 'alert_rule.queue_backlog': { forSeconds: 7 } })
    const bad = settle({ queue_backlog_threshold: -1, 'alert_rule.queue_backlog': { forSeconds: 'x' } }, good)
    expect(bad).toMatchObject({ timing: { forSeconds: 7 }, settings: { threshold: 5000 } })
    expect(bad.problems).toHaveLength(2)
  })

  it('takes no second home for a threshold that has its own row', () => {
    const settled = settle({ 'alert_rule.queue_backlog': { threshold: 3 } })
    expect(settled).toMatchObject({
      settings: { threshold: 1000 },
      problems: ['threshold: its row is queue_backlog_threshold'],
    })
  })

  it('goes by the defaults where the row is no object', () => {
    expect(settle({ 'alert_rule.queue_backlog': [1] })).toMatchObject({
      settings: { threshold: 1000 },
      problems: ['alert_rule.queue_backlog: expected an object'],
    })
  })
})

describe('the settings of rules', () => {
  let world: RuleWorld
  beforeAll(async () => {
    world = await createRuleWorld()
  })
  afterAll(() => world.drop())

  it('follow the table, keep the last good value, and tell of a problem once', async () => {
    const logs = captureLogs()
    const settings = createRuleSettings([queueBacklog, dlqOpen])
    const load = () => world.db.transaction((tx) => settings.load(tx))
    expect(await load()).toMatchObject([{ settings: { threshold: 1000 } }, { settings: { threshold: 100 } }])
    await set('7')
    expect(await load()).toMatchObject([{ settings: { threshold: 7 } }, {}])
    await set('-7')
    for (let pass = 0; pass < 3; pass += 1)
      expect(await load()).toMatchObject([
        { settings: { threshold: 7 }, problems: [expect.stringMatching(/^threshold: /)] },
        {},
      ])
    expect(logs.lines.filter((line) => line.includes('queue_backlog'))).toHaveLength(1)
  })

  async function set(value: string): Promise<void> {
    await world.query(
      `UPDATE tds_configuration SET config_value = $1 WHERE config_key = 'queue_backlog_threshold'`,
      [value],
    )
  }
})

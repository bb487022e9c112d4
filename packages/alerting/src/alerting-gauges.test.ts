import { recordRuleRuns } from '@tds/db'
import { metricsRegistry } from '@tds/runtime'
import { readFigures } from './alerting-gauges.ts'
import { createAlertingWorld, type AlertingWorld } from './testing/alerting-world.ts'

describe('the gauges of alerting', () => {
  let world: AlertingWorld
  beforeEach(async () => {
    world = await createAlertingWorld()
  })
  afterEach(() => world.stop())

  it('tell by urgency what fires, and nothing of what is pending or over', async () => {
    world.set('hot', { severity: 'critical' })
    world.say('hot', [{ labels: { entity: 'bill' } }, { labels: { entity: 'invoice' } }])
    world.set('cold', { forSeconds: 600 })
    world.say('cold', [{}])
    await world.run(15)
    expect(await readFigures(world.database.db)).toEqual({ active: 2, failing: 0 })
    expect(await figure('tds_alerts_active{severity="critical"}')).toBe('2')
    expect(await figure('tds_alerts_active{severity="warning"}')).toBe('0')
    world.say('hot', [])
    await world.run(15)
    await readFigures(world.database.db)
    expect(await figure('tds_alerts_active{severity="critical"}')).toBe('0')
  })

  it('tell how many rules fail, until they work again', async () => {
    const { db } = world.database
    await recordRuleRuns(db, [
      { rule: 'hot', error: 'no such column' },
      { rule: 'cold', error: null },
    ])
    await readFigures(db)
    expect(await figure('tds_alert_rules_failing')).toBe('1')
    await recordRuleRuns(db, [{ rule: 'hot', error: null }])
    await readFigures(db)
    expect(await figure('tds_alert_rules_failing')).toBe('0')
  })
})

async function figure(series: string): Promise<string | undefined> {
  const lines = (await metricsRegistry.metrics()).split('\n')
  return lines.find((line) => line.startsWith(`${series} `))?.slice(series.length + 1)
}

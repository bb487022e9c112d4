import { captureLogs } from '@tds/runtime/testing'
import { queueBacklog } from '../rules/queue-backlog.ts'
import { type AlertingWorld, createAlertingWorld } from '../testing/alerting-world.ts'

describe('after hours without an alerter', () => {
  let world: AlertingWorld

  beforeEach(async () => {
    world = await createAlertingWorld()
    world.use(queueBacklog)
    await world.run(30)
  })

  afterEach(() => world.stop())

  /** The backlog of each minute, as workers note it. */
  async function backlog(values: readonly number[]): Promise<void> {
    for (const value of values) {
      await world.clock.advance('1 minute')
      await world.database.db.query(
        `INSERT INTO tds_metrics (metric_name, metric_type, value, recorded_at)
         VALUES ('backlog', 'gauge', to_jsonb($1::int), tds_now())`,
        [value],
      )
    }
  }

  it('AL-34: people are told once, in one message, what came and went meanwhile', async () => {
    await backlog([
      ...minutes(60, 10),
      ...minutes(20, 5000),
      6000,
      ...minutes(60, 10),
      ...minutes(10, 2000),
      0,
      0,
      0,
      0,
    ])
    world.restart()
    await world.run(60)
    const [told, ...more] = await world.messages()
    expect(more).toEqual([])
    expect(told?.message).toMatchObject({
      kind: 'digest',
      severity: 'info',
      reason: 'no alerter ran meanwhile',
      counts: { firing: 0, resolved: 2 },
      alerts: [
        {
          rule: 'queue_backlog',
          state: 'resolved',
          value: 6000,
          threshold: 1000,
          since: '2026-11-02T09:02:30.000Z',
        },
        { rule: 'queue_backlog', state: 'resolved', value: 2000, threshold: 1000 },
      ],
    })
  })

  it('AL-34: nobody is told so of what fires still', async () => {
    await backlog([...minutes(30, 10), ...minutes(30, 5000)])
    world.restart()
    await world.run(60)
    expect(await world.kinds()).toEqual([])
  })

  it('nobody is told so of what people knew of: they hear that it is over', async () => {
    await world.database.db.query(
      `INSERT INTO tds_metrics (metric_name, metric_type, value) VALUES ('backlog', 'gauge', '5000')`,
    )
    await fillInbox(world, 1001)
    await world.run(180)
    expect(await world.kinds()).toEqual(['firing'])
    await world.database.db.query('TRUNCATE tds_inbox_events CASCADE')
    await backlog([...minutes(60, 5000), ...minutes(30, 0)])
    world.restart()
    await world.run(600)
    expect(await world.kinds()).toEqual(['firing', 'resolved'])
  })

  it('what fires is told although what was cannot be read', async () => {
    const logs = captureLogs()
    const numberOf = () => {
      throw new RangeError('a defect of ours')
    }
    world.use({
      ...queueBacklog,
      name: 'unreadable',
      stored: { metric: 'backlog', numberOf, judge: numberOf },
    })
    world.set('lag', { severity: 'critical' })
    world.say('lag', [{}])
    await backlog(minutes(30, 10))
    world.restart()
    await world.run(30)
    expect(await world.kinds('everyone/slack')).toEqual(['firing'])
    expect(logs.text()).toContain('could not be told')
  })

  it('a restart is none: nothing is told of the minutes that it took', async () => {
    await backlog([5000, 5000, 0, 0])
    world.restart()
    await world.run(60)
    expect(await world.kinds()).toEqual([])
  })
})

function minutes(count: number, value: number): number[] {
  return Array.from({ length: count }, () => value)
}

async function fillInbox({ database }: AlertingWorld, events: number): Promise<void> {
  await database.db.query(
    `INSERT INTO tds_inbox_events (organization_id, source_type, entity_type, source_entity_id, operation_type,
            idempotency_key, content_hash, raw_body)
     SELECT '1', 'zoho', 'product', n::text, 'upsert', 'key ' || n, decode(md5(n::text), 'hex'), '{}'
       FROM generate_series(1, $1) n`,
    [events],
  )
}

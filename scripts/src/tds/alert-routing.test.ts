import { Readable } from 'node:stream'
import { defaultRouting, readRouting, type Routing } from '@tds/alerting'
import { expectEnvelope } from '../testing/expect-envelope.ts'
import { createTdsWorld, type TdsWorld } from '../testing/tds-world.ts'
import type { Envelope } from './output/envelope.ts'

const nights: Routing = {
  receivers: { telephone: ['telegram'], team: ['email', 'slack'] },
  routes: [
    {
      name: 'wakes',
      matchers: [{ label: 'severity', op: '=', values: ['critical'] }],
      receivers: ['telephone', 'team'],
      groupBy: ['rule', 'entity'],
      continue: false,
    },
    { name: 'rest', matchers: [], receivers: ['team'], groupBy: ['rule'], continue: false },
  ],
}

describe('tds alert-routing', () => {
  let world: TdsWorld

  beforeEach(async () => {
    world = await createTdsWorld()
  })
  afterEach(() => world.drop())

  async function json(args: readonly string[], text?: string): Promise<Envelope> {
    const stdin = text === undefined ? {} : { stdin: Readable.from([Buffer.from(text)]) }
    return expectEnvelope(await world.run(['alert-routing', ...args, '--json'], stdin))
  }

  const set = (routing: unknown, ...more: readonly string[]): Promise<Envelope> =>
    json(['set', '--to', '-', '--reason', 'nights', ...more], JSON.stringify(routing))

  it('AL-46: shows what holds, sets what its own JSON form has, and takes it back, with before and after in the books', async () => {
    expect((await json(['show'])).data).toMatchObject({
      isDefault: true,
      routing: defaultRouting,
      taken: null,
    })
    expect((await set(nights)).data).toEqual({ routing: nights })
    const shown = (await json(['show'])).data as { readonly routing: Routing }
    expect(shown).toMatchObject({ isDefault: false, problem: null, routing: nights })
    expect((await set(shown.routing)).error).toBeNull()
    expect((await json(['reset', '--reason', 'morning'])).data).toEqual({ routing: defaultRouting })
    expect(await readRouting(world.db)).toMatchObject({ isDefault: true })
    const { rows } = await world.db.query<{ action: string; reason: string; facts: string }>(
      'SELECT action, reason, facts FROM tds_operator_actions ORDER BY id',
    )
    expect(rows.map(({ action, reason }) => [action, reason])).toEqual([
      ['alert_routing.set', 'nights'],
      ['alert_routing.set', 'nights'],
      ['alert_routing.reset', 'morning'],
    ])
    expect(JSON.parse(rows[2]?.facts ?? '{}')).toMatchObject({ before: nights, after: null })
  })

  it('says where an alert would go, by whom it is told and with what together, and sends nothing', async () => {
    await set(nights)
    const { data } = await json(['show', 'severity=critical', 'rule=certificate_overdue', 'entity=invoice'])
    expect(data).toMatchObject({
      taken: [
        {
          route: 'wakes',
          receivers: ['telephone', 'team'],
          ways: ['telegram', 'email', 'slack'],
          group: { rule: 'certificate_overdue', entity: 'invoice' },
        },
      ],
    })
    expect((await world.db.query('SELECT FROM tds_notifications')).rowCount).toBe(0)
    const { out } = await world.run(['alert-routing', 'show', 'severity=warning', 'rule=sync_lag'])
    expect(out).toMatch(/rest\s+team\s+email, slack\s+rule=sync_lag/)
  })

  it.each([
    ['a routing whose last route passes something over', { ...nights, routes: nights.routes.slice(0, 1) }],
    ['a route to a receiver that there is not', { ...nights, receivers: { team: ['email'] } }],
    ['a way that there is not', { ...nights, receivers: { telephone: ['pigeon'], team: ['email'] } }],
    ['a receiver without a way', { ...nights, receivers: { telephone: [], team: ['email'] } }],
    ['two routes of one name', { ...nights, routes: [...nights.routes, ...nights.routes] }],
    ['nothing', null],
    ['a list', []],
  ])('AL-46: refuses %s, and changes nothing', async (_what, routing) => {
    await set(nights)
    expect(await set(routing)).toMatchObject({ error: { code: 'routing_refused' }, exitCode: 2 })
    expect(await readRouting(world.db)).toMatchObject({ routing: nights })
  })

  it('tells what is set by hand and refused, and that the alerter goes on as before', async () => {
    await world.db.query(
      `INSERT INTO tds_configuration (config_key, config_value, value_type) VALUES ('alert_routing', '{"routes": []}', 'object')`,
    )
    const { data } = await json(['show'])
    expect(data).toMatchObject({ routing: null, problem: expect.stringContaining('receivers') })
    const { out } = await world.run(['alert-routing', 'show'])
    expect(out).toContain('the alerter goes on as before')
  })

  it('changes nothing in a rehearsal', async () => {
    await set(nights, '--dry-run')
    expect(await readRouting(world.db)).toMatchObject({ isDefault: true })
  })

  it('is not set to what is no JSON, nor to nothing', async () => {
    expect(await json(['set', '--to', '-', '--reason', 'r'], '{')).toMatchObject({ error: { code: 'usage' } })
    expect(await json(['set', '--reason', 'r'])).toMatchObject({ error: { code: 'usage' } })
    expect(await json(['show', 'critical'])).toMatchObject({ error: { code: 'usage' } })
  })
})

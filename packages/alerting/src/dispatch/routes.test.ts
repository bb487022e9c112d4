import { defaultRouting, receiversOf, routeAlert, routingSchema } from './routes.ts'

const labels = { rule: 'sync_lag', severity: 'warning', entity: 'product' }

describe('routes', () => {
  it('send what is critical to everybody and the rest to the team', () => {
    const route = (severity: string) =>
      routeAlert(defaultRouting, { ...labels, severity }).map((one) => one.route)
    expect([route('critical'), route('error'), route('info')]).toEqual([
      ['critical'],
      ['default'],
      ['default'],
    ])
  })

  it('group by rule, whatever the other labels are and however urgent it becomes', () => {
    const [one] = routeAlert(defaultRouting, labels)
    const [other] = routeAlert(defaultRouting, { ...labels, severity: 'error', entity: 'invoice' })
    expect(one?.groupKey).toBe(other?.groupKey)
    expect(one?.groupLabels).toEqual({ rule: 'sync_lag' })
  })

  it('go on where a route says so, and group by every label where it says that', () => {
    const routing = routingSchema.parse({
      receivers: { team: ['slack'] },
      routes: [
        { name: 'all', matchers: [], receivers: ['team'], groupBy: ['...'], continue: true },
        { name: 'default', matchers: [], receivers: ['team'] },
      ],
    })
    const taken = routeAlert(routing, labels)
    expect(taken.map(({ route }) => route)).toEqual(['all', 'default'])
    expect(taken[0]?.groupLabels).toEqual({ rule: 'sync_lag', entity: 'product' })
  })

  it('AL-46: are refused where something would be told to nobody', () => {
    const receivers = { team: ['slack'] }
    const some = [{ label: 'rule', op: '=', values: ['sync_lag'] }]
    const problems = (routes: unknown) =>
      routingSchema.safeParse({ receivers, routes }).error?.issues.length ?? 0
    expect(problems([{ name: 'a', matchers: some, receivers: ['team'] }])).toBe(1)
    expect(problems([{ name: 'a', matchers: [], receivers: ['nobody'] }])).toBe(1)
    expect(problems([{ name: 'a', matchers: [], receivers: [] }])).toBe(1)
    expect(problems([{ name: 'a', matchers: [], receivers: ['team'] }])).toBe(0)
  })

  it('use the ways that are set up, and every one there is where none of those is', () => {
    expect(receiversOf(defaultRouting, 'default', ['email', 'telegram'])).toEqual([
      { receiver: 'team/email', integration: 'email' },
    ])
    expect(receiversOf(defaultRouting, 'default', ['telegram'])).toEqual([
      { receiver: 'default/telegram', integration: 'telegram' },
    ])
    expect(receiversOf(defaultRouting, 'gone', [])).toEqual([])
  })
})

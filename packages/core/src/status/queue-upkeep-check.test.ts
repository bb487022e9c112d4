import { queueUpkeepCheck } from './queue-upkeep-check.ts'

describe('queueUpkeepCheck', () => {
  it('finds nothing wrong with queues that are looked after', async () => {
    expect(await queueUpkeepCheck({ failingUpkeep: () => [] }).check()).toMatchObject({ status: 'healthy' })
  })

  it('F-12: names the queue that is looked after in vain, and why', async () => {
    const failing = { queue: 'apply-events', failures: 4, reason: 'no way back' } as const
    expect(await queueUpkeepCheck({ failingUpkeep: () => [failing] }).check()).toEqual({
      status: 'degraded',
      detail: 'Looking after apply-events failed 4 times within five minutes: no way back.',
      facts: { 'apply-events': 4 },
    })
  })
})

import { createRuleWorld, ourOrganization, type RuleWorld } from '../testing/rule-world.ts'
import { dlqGrowth } from './dlq-growth.ts'
import { failureRate } from './failure-rate.ts'
import { queueBacklog } from './queue-backlog.ts'
import type { AlertRule } from './rule.ts'
import { syncLag } from './sync-lag.ts'
import { workerDown } from './worker-down.ts'
import { workerInstanceDown } from './worker-instance-down.ts'

let world: RuleWorld
beforeAll(async () => {
  world = await createRuleWorld()
})
beforeEach(() => world.clear())
afterAll(() => world.drop())

async function only(rule: AlertRule, o: Parameters<RuleWorld['measure']>[1] = {}) {
  const samples = await world.measure(rule, o)
  expect(samples).toHaveLength(1)
  return samples[0]
}

describe('failure_rate', () => {
  async function attempts(failed: number, all: number, secondsAgo = 10): Promise<void> {
    await world.attempt({ count: failed, outcome: 'retry', errorCode: 'unexpected', secondsAgo })
    await world.attempt({ count: all - failed, outcome: 'applied', secondsAgo })
  }

  it.each([
    [5, 100, false],
    [6, 100, true],
    [1, 20, false],
    [2, 20, true],
  ])('AL-03: with %i failed of %i breaches: %s', async (failed, all, breaches) => {
    await attempts(failed, all)
    expect(await only(failureRate)).toMatchObject({ value: failed / all, threshold: 0.05, breaches })
  })

  it.each([
    [19, 19, 10, true],
    [4, 4, 10, false],
    [5, 5, 540, true],
    [4, 5, 10, false],
    [18, 19, 10, false],
  ])('AL-04: at low traffic, %i failed of %i, %i s ago, breaches: %s', async (failed, all, ago, breaches) => {
    await attempts(failed, all, ago)
    expect(await only(failureRate)).toMatchObject({ breaches })
  })

  it('AL-05: waiting for a turn at Zoho, a lock or a read is no attempt', async () => {
    for (const errorCode of ['zoho_rate_limited', 'zoho_quota_exhausted', 'zoho_token_throttled'])
      await world.attempt({ count: 50, outcome: 'retry', errorCode })
    await world.attempt({ count: 50, outcome: 'retry', errorCode: 'database_conflict', why: 'held' })
    await world.attempt({ count: 50, outcome: 'retry' })
    await world.attempt({ count: 50, outcome: 'processing' })
    expect(await world.measure(failureRate)).toEqual([])
  })

  it('counts what was stale or unchanged as well done, and a dead letter as failed', async () => {
    await world.attempt({ count: 50, outcome: 'stale' })
    await world.attempt({ count: 44, outcome: 'unchanged' })
    await world.attempt({ count: 6, outcome: 'dead_letter', errorCode: 'unexpected' })
    expect(await only(failureRate)).toMatchObject({ value: 0.06, breaches: true })
  })

  it('goes on above 3 %, and not at it', async () => {
    await attempts(4, 100)
    expect(await only(failureRate)).toMatchObject({ breaches: false, holds: true })
    await world.clear()
    await attempts(3, 100)
    expect(await only(failureRate)).toMatchObject({ breaches: false, holds: false })
  })

  it('looks at the last five minutes where there was traffic', async () => {
    await attempts(50, 50, 301)
    await attempts(0, 20)
    expect(await only(failureRate)).toMatchObject({ value: 0, breaches: false })
  })
})

describe('queue_backlog', () => {
  it.each([
    [1000, false, true],
    [1001, true, true],
    [801, false, true],
    [800, false, false],
  ])('AL-06: %i waiting breaches: %s, holds: %s', async (events, breaches, holds) => {
    await world.wait({ events, seconds: 1 })
    expect(await only(queueBacklog)).toMatchObject({ value: events, threshold: 1000, breaches, holds })
  })

  it('goes by the counters since the day of the oldest event where more than ten thousand wait', async () => {
    await world.wait({ events: 10_001, seconds: 600 })
    await world.query(
      `INSERT INTO tds_event_counts (minute, status, daemon_id, events)
       SELECT date_trunc('minute', tds_now()) - since, status, gen_random_uuid(), events
         FROM (VALUES (interval '10 minutes', 'pending', 12645), (interval '10 minutes', 'processing', 100),
                      (interval '10 minutes', 'pending', -400), (interval '10 minutes', 'applied', 7000),
                      (interval '3 days', 'pending', 50)) c (since, status_name, events),
              LATERAL (SELECT status_name::tds_event_status AS status) s`,
    )
    expect(await only(queueBacklog)).toMatchObject({ value: 12_345, breaches: true })
  })

  it('does not count what is quarantined, given up or done', async () => {
    await world.wait({ events: 3, seconds: 1 })
    await world.query(
      `UPDATE tds_inbox_events SET status = CASE source_entity_id WHEN '1' THEN 'quarantined' ELSE 'applied' END::tds_event_status,
              processed_at = CASE source_entity_id WHEN '2' THEN tds_now() END WHERE source_entity_id <> '3'`,
    )
    expect(await only(queueBacklog)).toMatchObject({ value: 1 })
  })
})

describe('sync_lag', () => {
  it.each([
    [900, false],
    [916, true],
  ])('AL-08: an event that has waited for %i s breaches: %s', async (seconds, breaches) => {
    await world.wait({ events: 1, seconds })
    expect(await only(syncLag)).toMatchObject({ value: seconds, threshold: 900, breaches })
  })

  it('leaves out what waits on purpose for calls of another day, and tells of it', async () => {
    await world.wait({ events: 1, seconds: 5000, awaitingRead: true })
    await world.wait({ events: 1, seconds: 10 })
    expect(await only(syncLag)).toMatchObject({ value: 5000, breaches: true })
    await world.query(
      `INSERT INTO tds_call_budgets (organization_id, calls_per_minute, max_in_flight, time_zone, day, day_ends_at, exhausted_until)
       VALUES ($1, 60, 5, 'UTC', tds_now()::date, tds_now() + interval '5 hours', tds_now() + interval '5 hours')`,
      [ourOrganization],
    )
    expect(await only(syncLag)).toMatchObject({
      value: 10,
      breaches: false,
      facts: { oldestOnQuotaSeconds: 5000 },
    })
  })

  it('says nothing in the first minute of the alerter', async () => {
    await world.wait({ events: 1, seconds: 5000 })
    expect(await world.measure(syncLag, { startedSecondsAgo: 59 })).toEqual([])
    expect(await world.measure(syncLag, { startedSecondsAgo: 60 })).toMatchObject([{ breaches: true }])
  })

  it('is well where nothing waits', async () => {
    expect(await only(syncLag)).toMatchObject({ value: 0, breaches: false })
  })
})

describe('dlq_growth', () => {
  it('AL-09: fires above 100 dead letters of an hour, and is over at 80', async () => {
    await world.giveUp(100, 30)
    await world.giveUp(50, 60)
    expect(await only(dlqGrowth)).toMatchObject({ value: 100, breaches: false })
    await world.giveUp(1, 30)
    expect(await only(dlqGrowth)).toMatchObject({ value: 101, breaches: true })
    await settle(20)
    expect(await only(dlqGrowth)).toMatchObject({ value: 81, breaches: false, holds: true })
    await settle(1)
    expect(await only(dlqGrowth)).toMatchObject({ value: 80, breaches: false, holds: false })
  })

  async function settle(letters: number): Promise<void> {
    await world.query(
      `UPDATE tds_dead_letter_queue SET status = 'replayed', resolved_at = tds_now()
        WHERE id IN (SELECT id FROM tds_dead_letter_queue
                      WHERE status = 'open' AND created_at > tds_now() - interval '1 hour' LIMIT $1)`,
      [letters],
    )
  }
})

describe('worker_down', () => {
  it.each([
    [300, false],
    [301, true],
  ])('with the newest beat %i s ago breaches: %s', async (secondsAgo, breaches) => {
    await world.beat({ secondsAgo: 900 })
    await world.beat({ secondsAgo })
    expect(await only(workerDown)).toMatchObject({ value: secondsAgo, threshold: 300, breaches })
  })

  it('fires too where the last worker stopped in good order', async () => {
    await world.beat({ secondsAgo: 301, stopped: true })
    expect(await only(workerDown)).toMatchObject({ breaches: true })
  })

  it('misses a worker that never was after five minutes of looking', async () => {
    expect(await only(workerDown, { startedSecondsAgo: 300 })).toMatchObject({ breaches: false })
    expect(await only(workerDown, { startedSecondsAgo: 301 })).toMatchObject({ breaches: true })
  })

  it('says nothing in the first minute of the alerter', async () => {
    await world.beat({ secondsAgo: 3000 })
    expect(await world.measure(workerDown, { startedSecondsAgo: 59 })).toEqual([])
  })
})

describe('worker_instance_down', () => {
  it('tells of the machine whose worker is silent while another one lives', async () => {
    await world.beat({ secondsAgo: 300, host: 'quiet' })
    await world.beat({ secondsAgo: 301, host: 'gone' })
    await world.beat({ secondsAgo: 1, host: 'well' })
    expect(await world.measure(workerInstanceDown)).toMatchObject([
      { labels: { instance: 'gone' }, value: 1, breaches: true },
    ])
  })

  it('is left to worker_down where none lives', async () => {
    await world.beat({ secondsAgo: 301 })
    expect(await only(workerInstanceDown)).toMatchObject({ breaches: false })
  })

  it('does not miss a worker that crashed and was started again, nor one that said goodbye', async () => {
    await world.beat({ secondsAgo: 1, host: 'other' })
    await world.beat({ secondsAgo: 500 })
    await world.beat({ secondsAgo: 1, startedSecondsAgo: 400 })
    await world.beat({ secondsAgo: 600, host: 'left', stopped: true })
    expect(await only(workerInstanceDown)).toMatchObject({
      labels: { instance: 'one' },
      value: 0,
      breaches: false,
    })
  })

  it('misses one of two that crashed when only one came back', async () => {
    await world.beat({ secondsAgo: 500 })
    await world.beat({ secondsAgo: 490 })
    await world.beat({ secondsAgo: 1, startedSecondsAgo: 400 })
    expect(await only(workerInstanceDown)).toMatchObject({ value: 1, breaches: true })
  })
})

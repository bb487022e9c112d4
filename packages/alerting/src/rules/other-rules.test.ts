import { randomUUID } from 'node:crypto'
import { addRefusals } from '@tds/db'
import { createRuleWorld, ourOrganization, type RuleWorld } from '../testing/rule-world.ts'
import { breakerOpen } from './breaker-open.ts'
import { certificateOverdue } from './certificate-overdue.ts'
import { clockSkew } from './clock-skew.ts'
import { conservation } from './conservation.ts'
import { dbConnections } from './db-connections.ts'
import { deadTuples } from './dead-tuples.ts'
import { deletionFuse } from './deletion-fuse.ts'
import { diskFree } from './disk-free.ts'
import { dlqOpen } from './dlq-open.ts'
import { noEvents } from './no-events.ts'
import { oldestTransaction } from './oldest-transaction.ts'
import { quarantineGrowth } from './quarantine-growth.ts'
import { queueBacklog } from './queue-backlog.ts'
import { quotaForecast } from './quota-forecast.ts'
import { receiverBroken } from './receiver-broken.ts'
import { reconciliationDifferences } from './reconciliation-differences.ts'
import { reconciliationOverdue } from './reconciliation-overdue.ts'
import { ruleEvaluationFailed } from './rule-evaluation-failed.ts'
import type { AlertRule } from './rule.ts'
import { sloLatency } from './slo-latency.ts'
import { sloSuccess24h } from './slo-success-24h.ts'
import { spoolNotEmpty } from './spool-not-empty.ts'
import { syncLag } from './sync-lag.ts'
import { tokenRefused } from './token-refused.ts'
import { webhookMissRate } from './webhook-miss-rate.ts'
import { webhookRejected } from './webhook-rejected.ts'
import { zohoAuthFailed } from './zoho-auth-failed.ts'
import { zohoQuota } from './zoho-quota.ts'

let world: RuleWorld
beforeAll(async () => {
  world = await createRuleWorld()
})
beforeEach(() => world.clear())
afterAll(() => world.drop())

const day = 86_400

async function only(rule: AlertRule, settings: object = {}) {
  const samples = await world.measure(rule, { settings })
  expect(samples).toHaveLength(1)
  return samples[0]
}

describe('webhook_rejected', () => {
  it.each([
    [10, 0, 1000, false],
    [11, 0, 1000, true],
    [6, 5, 1000, true],
    [1, 0, 18, false],
    [1, 0, 19, false],
    [2, 0, 18, true],
    [5, 0, 95, false],
    [6, 0, 94, true],
  ])(
    '%i not authentic and %i too large beside %i stored breach: %s',
    async (bare, large, stored, breaches) => {
      await refuse({ 401: bare, 413: large })
      await store(stored)
      expect(await only(webhookRejected)).toMatchObject({ value: bare + large, threshold: 10, breaches })
    },
  )

  it('forgets what was refused ten minutes ago', async () => {
    await refuse({ 401: 50 })
    await world.clock.advance('10 minutes')
    expect(await only(webhookRejected)).toMatchObject({ value: 0, breaches: false })
  })

  function refuse(o: { 401: number; 413?: number }): Promise<void> {
    return addRefusals(world.db, randomUUID(), [
      { answer: 401, reason: 'signature_wrong', times: o[401] },
      { answer: 413, reason: 'body_limit', times: o[413] ?? 0 },
    ])
  }

  function store(events: number): Promise<void> {
    return world.query(
      `INSERT INTO tds_event_counts (minute, status, daemon_id, events)
       VALUES (date_trunc('minute', tds_now()), 'applied', gen_random_uuid(), $1)`,
      [events],
    )
  }
})

describe('what waits for a person', () => {
  it.each([
    [100, false, true],
    [101, true, true],
    [80, false, false],
  ])('dlq_open: %i letters breach: %s, hold: %s', async (letters, breaches, holds) => {
    await world.giveUp(letters, 100_000)
    expect(await only(dlqOpen)).toMatchObject({ value: letters, breaches, holds })
  })

  it.each([
    [20, false],
    [21, true],
  ])('quarantine_growth: %i of the last hour breach: %s', async (events, breaches) => {
    await world.wait({ events, seconds: 3599 })
    await world.wait({ events: 30, seconds: 3600 })
    await world.query(`UPDATE tds_inbox_events SET status = 'quarantined'`)
    expect(await only(quarantineGrowth)).toMatchObject({ value: events, breaches })
  })

  it('deletion_fuse: names the type whose fuse has blown, and none that is closed', async () => {
    await world.query(
      `INSERT INTO tds_deletion_fuses (organization_id, entity_type, state, blown_at)
       VALUES ($1, 'product', 'blown', tds_now()), ($1, 'invoice', 'closed', NULL)`,
      [ourOrganization],
    )
    expect(byLabel(await world.measure(deletionFuse), 'entity')).toEqual({ product: true, invoice: false })
  })

  it('conservation: goes by the latest comparison of a worker, as long as it is fresh', async () => {
    const compared = (events: number) =>
      world.query(
        `INSERT INTO tds_metrics (metric_name, metric_type, value) VALUES ('events_unconserved', 'gauge', to_jsonb($1::int))`,
        [events],
      )
    await compared(0)
    expect(await only(conservation)).toMatchObject({ value: 0, breaches: false })
    await world.clock.advance('1 minute')
    await compared(1)
    expect(await only(conservation)).toMatchObject({ value: 1, breaches: true })
    await world.clock.advance('10 minutes')
    expect(await world.measure(conservation)).toEqual([])
  })
})

describe('the spools', () => {
  async function api(facts: object, beatSecondsAgo = 0): Promise<void> {
    await world.query(
      `INSERT INTO tds_daemons (name, version, host, pid, beat_at, facts)
       VALUES ('api', '0', 'edge', 1, tds_now() - make_interval(secs => $1), $2)`,
      [beatSecondsAgo, JSON.stringify(facts)],
    )
  }

  it.each([
    [110, 10, false],
    [111, 10, true],
  ])('spool_not_empty: %i s old at the beat %i s ago breaches: %s', async (oldest, beat, breaches) => {
    await api({ spoolRecords: 3, spoolOldestSeconds: oldest, spoolFreeShare: 0.5 }, beat)
    expect(await only(spoolNotEmpty)).toMatchObject({ value: oldest + beat, breaches, facts: { records: 3 } })
  })

  it('count as backlog and lag, and say nothing once their api is silent or tells nothing', async () => {
    await api({ spoolRecords: 1001, spoolOldestSeconds: 901 })
    expect(await only(queueBacklog)).toMatchObject({ value: 1001, breaches: true })
    expect(await only(syncLag)).toMatchObject({ value: 901, breaches: true })
    await world.clock.advance('61 seconds')
    await api({})
    expect(await only(queueBacklog)).toMatchObject({ value: 0, breaches: false })
    expect(await only(spoolNotEmpty)).toMatchObject({ value: 0, breaches: false })
  })

  it.each([
    [0.2, false, undefined],
    [0.19, true, undefined],
    [0.1, true, undefined],
    [0.09, true, 'critical'],
  ])('disk_free: %d of the volume free breaches: %s, urgency %s', async (free, breaches, severity) => {
    await api({ spoolFreeShare: free })
    const found = await only(diskFree)
    expect(found).toMatchObject({ value: free, breaches })
    expect(found?.severity).toBe(severity)
  })
})

describe('webhooks', () => {
  it.each([
    [24 * 3600, false, undefined],
    [24 * 3600 + 1, true, undefined],
    [72 * 3600, true, undefined],
    [72 * 3600 + 1, true, 'error'],
  ])('AL-12: a type silent for %i s breaches: %s, urgency %s', async (seconds, breaches, severity) => {
    await watch('invoice', seconds)
    await watch('product', 60)
    const samples = await world.measure(noEvents)
    expect(samples.find(({ labels }) => labels['entity'] === 'invoice')).toMatchObject({
      value: seconds,
      breaches,
    })
    expect(samples.find(({ labels }) => labels['entity'] === 'invoice')?.severity).toBe(severity)
    expect(samples.find(({ labels }) => labels['entity'] === 'product')).toMatchObject({ breaches: false })
  })

  it('no_events: a weekly habit makes three days of silence none', async () => {
    await watch('bill', 3 * day)
    await world.query(
      `INSERT INTO tds_webhook_counts (organization_id, entity_type, hour, webhooks)
       SELECT $1, type::tds_entity_type, date_bin('1 hour', tds_now() - make_interval(days => 3 + age), 'epoch'), n
         FROM (VALUES ('bill', 0, 10), ('bill', 6, 10), ('bill', 13, 10)) v(type, age, n)`,
      [ourOrganization],
    )
    expect(await only(noEvents)).toMatchObject({ value: 3 * day, breaches: false })
  })

  it('no_events: reads that find no change either prove that nothing was missed', async () => {
    await watch('bill', 3 * day)
    await world.query('UPDATE tds_webhook_watches SET last_run_at = tds_now()')
    expect(await only(noEvents)).toMatchObject({ breaches: false })
  })

  it.each([
    [19, 1, false],
    [18, 2, true],
  ])('webhook_miss_rate: %i told of and %i missed breaches: %s', async (told, missed, breaches) => {
    await watch('invoice', 60)
    await world.query(
      `INSERT INTO tds_webhook_counts (organization_id, entity_type, hour, versions_told, versions_missed)
       VALUES ($1, 'invoice', date_bin('1 hour', tds_now(), 'epoch'), $2, $3)`,
      [ourOrganization, told, missed],
    )
    expect(await only(webhookMissRate)).toMatchObject({ labels: { entity: 'invoice' }, breaches })
  })

  async function watch(type: string, silentSeconds: number): Promise<void> {
    await world.query(
      `INSERT INTO tds_webhook_watches (organization_id, entity_type, watched_since, last_webhook_at)
       VALUES ($1, $2::tds_entity_type, tds_now() - interval '60 days', tds_now() - make_interval(secs => $3))`,
      [ourOrganization, type, silentSeconds],
    )
  }
})

describe('the promises of the service', () => {
  it.each([
    [995, 1000, false],
    [994, 1000, true],
  ])('slo_success_24h: %i of %i breaches: %s', async (succeeded, finished, breaches) => {
    await count('applied', succeeded)
    await count('dead_letter', finished - succeeded)
    await count('pending', 50)
    expect(await only(sloSuccess24h)).toMatchObject({ value: succeeded / finished, breaches })
  })

  it('slo_success_24h: says nothing of few events', async () => {
    await count('dead_letter', 99)
    expect(await world.measure(sloSuccess24h)).toEqual([])
  })

  it.each([
    [60, false],
    [60.1, true],
  ])('slo_latency: %i s in the slowest type breach: %s', async (seconds, breaches) => {
    await sample('product', 300, 3)
    await sample('product', 1, 1)
    await sample('invoice', seconds, 1)
    expect(await only(sloLatency)).toMatchObject({ value: seconds, breaches, facts: { slowest: 'invoice' } })
  })

  async function count(status: string, events: number): Promise<void> {
    await world.query(
      `INSERT INTO tds_event_counts (minute, status, daemon_id, events)
       VALUES (date_trunc('minute', tds_now()), $1::tds_event_status, $2, $3)`,
      [status, randomUUID(), events],
    )
  }

  async function sample(type: string, p95: number, minutesAgo: number): Promise<void> {
    await world.query(
      `INSERT INTO tds_metrics (metric_name, metric_type, entity_type, value, recorded_at)
       VALUES ('end_to_end', 'histogram', $1::tds_entity_type, jsonb_build_object('p95', $2::numeric),
               tds_now() - make_interval(mins => $3))`,
      [type, p95, minutesAgo],
    )
  }
})

describe('Zoho', () => {
  async function circuit(state: string, downSeconds: number | null): Promise<void> {
    await world.query(
      `INSERT INTO tds_circuits (organization_id, service, state, down_since, next_probe_at)
       VALUES ($1, 'zoho', $2, tds_now() - make_interval(secs => $3),
               CASE WHEN $2 NOT IN ('closed', 'half_open') THEN tds_now() END)`,
      [ourOrganization, state, downSeconds],
    )
  }

  it.each([
    ['open', 300, false],
    ['open', 301, true],
    ['half_open', 301, true],
    ['closed', null, false],
    ['token_refused', 301, false],
  ])('breaker_open: %s for %s s breaches: %s', async (state, seconds, breaches) => {
    await circuit(state, seconds)
    expect(await only(breakerOpen)).toMatchObject({ labels: { organization: ourOrganization }, breaches })
  })

  it.each([
    ['token_refused', true],
    ['open', false],
  ])('zoho_auth_failed: %s breaches: %s', async (state, breaches) => {
    await circuit(state, 1)
    expect(await only(zohoAuthFailed)).toMatchObject({ breaches })
  })

  it.each([
    [800, false],
    [801, true],
  ])('zoho_quota: %i of 1000 calls of the day breach: %s', async (used, breaches) => {
    await budget({ used, limit: 1000 })
    expect(await only(zohoQuota)).toMatchObject({ value: used / 1000, breaches })
  })

  it('zoho_quota: is an error once they are used up, and says nothing where nobody knows how many there are', async () => {
    await budget({ used: 1000, limit: 1000 })
    expect(await only(zohoQuota)).toMatchObject({ value: 1, breaches: true, severity: 'error' })
    await world.clear()
    await budget({ used: 1000, limit: null })
    expect(await world.measure(zohoQuota)).toEqual([])
  })

  it.each([
    [1, false],
    [60, true],
  ])('quota_forecast: at %i calls of the last hour, with 100 left, breaches: %s', async (calls, breaches) => {
    await budget({ used: 900, limit: 1000 })
    await world.query(
      `INSERT INTO tds_calls (id, organization_id, day, lane, purpose, daemon_id, started_at, expires_at, counted_until)
       SELECT gen_random_uuid(), $1, tds_now()::date, 'l', 'p', gen_random_uuid(), tds_now() - interval '10 minutes',
              tds_now(), tds_now() FROM generate_series(1, $2::int)`,
      [ourOrganization, calls],
    )
    expect(await only(quotaForecast)).toMatchObject({ breaches })
    await world.query('TRUNCATE tds_calls')
  })

  async function budget(o: { readonly used: number; readonly limit: number | null }): Promise<void> {
    await world.query(
      `INSERT INTO tds_call_budgets (organization_id, calls_per_minute, calls_per_day, max_in_flight, time_zone, day,
              day_ends_at, day_used)
       VALUES ($1, 60, $2, 5, 'UTC', (tds_now() AT TIME ZONE 'UTC')::date, tds_now() + interval '12 hours', $3)`,
      [ourOrganization, o.limit, o.used],
    )
  }

  it('token_refused: tells of a refused token, and of types that a good one is refused', async () => {
    await world.query(
      `INSERT INTO tds_zoho_tokens (credentials_digest, state, refused_for, faults, sealed_token, minted_at, renew_at, expires_at)
       VALUES ('d', 'usable', '{bill}', 0, 'x', tds_now(), tds_now(), tds_now())`,
    )
    expect(await world.measure(tokenRefused)).toMatchObject([
      { labels: {}, breaches: false },
      { labels: { entity: 'bill' }, breaches: true },
    ])
    await world.query(`UPDATE tds_zoho_tokens SET state = 'refused', refused_for = '{}'`)
    expect(await only(tokenRefused)).toMatchObject({ labels: {}, breaches: true })
  })
})

describe('reconciliation', () => {
  async function certify(type: string, secondsAgo: number, left = 0): Promise<void> {
    await world.query(
      `INSERT INTO tds_certificates (run_id, organization_id, entity_type, depth, compared, equal, different, repaired,
              "left", calls, never_read, started_at, issued_at, issued_by)
       SELECT gen_random_uuid(), $1, $2::tds_entity_type, 'index', 10, 10 - $4::int, $4::int, 0, $4::int, 0, 0, at, at, 'schedule'
         FROM (SELECT tds_now() - make_interval(secs => $3) AS at) m`,
      [ourOrganization, type, secondsAgo, left],
    )
    await world.query(
      `INSERT INTO tds_sync_runs (organization_id, run_type, entity_type, mode, status, started_at, completed_at)
       SELECT $1, 'scheduled', $2::tds_entity_type, 'full', 'completed', at, at FROM (SELECT tds_now() - interval '9 days' AS at) m`,
      [ourOrganization, type],
    )
  }

  it.each([
    [26 * 3600, false],
    [26 * 3600 + 1, true],
  ])('reconciliation_overdue: with the latest of all %i s ago breaches: %s', async (seconds, breaches) => {
    await certify('product', seconds)
    await certify('invoice', 9 * day)
    expect(await only(reconciliationOverdue)).toMatchObject({ value: seconds, breaches })
  })

  it('reconciliation_overdue: says nothing where comparing is switched off', async () => {
    await certify('product', 9 * day)
    await world.query(`UPDATE tds_configuration SET config_value = 'false' WHERE config_key = 'enabled'`)
    expect(await world.measure(reconciliationOverdue)).toEqual([])
    await world.query(`UPDATE tds_configuration SET config_value = 'true' WHERE config_key = 'enabled'`)
  })

  it('certificate_overdue: tells of the type alone whose proof is older than 36 hours', async () => {
    await certify('product', 36 * 3600)
    await certify('invoice', 36 * 3600 + 1)
    expect(byLabel(await world.measure(certificateOverdue), 'entity')).toEqual({
      product: false,
      invoice: true,
    })
  })

  it('reconciliation_differences: tells of the type whose latest certificate leaves some', async () => {
    await certify('product', 60, 0)
    await certify('invoice', 120, 0)
    await certify('invoice', 60, 1)
    expect(byLabel(await world.measure(reconciliationDifferences), 'entity')).toEqual({
      product: false,
      invoice: true,
    })
  })
})

describe('Postgres', () => {
  it('db_connections: compares those that are open with those that are allowed', async () => {
    expect(await only(dbConnections)).toMatchObject({ threshold: 0.8, breaches: false })
    expect(await only(dbConnections, { threshold: 0 })).toMatchObject({ breaches: true })
  })

  it('oldest_transaction: measures a transaction of somebody else', async () => {
    expect(await only(oldestTransaction)).toMatchObject({ threshold: 600, breaches: false })
    const [began, release] = [signal(), signal()]
    const holding = world.db.transaction(async (tx) => {
      await tx.query('SELECT pg_sleep(1.1)')
      began.give()
      await release.given
    })
    await began.given
    expect(await only(oldestTransaction, { seconds: 1 })).toMatchObject({ breaches: true })
    release.give()
    await holding
  })

  it.each([
    ['0 seconds', false],
    ['4 seconds', false],
    ['6 seconds', true],
    ['-6 seconds', true],
  ])('clock_skew: a clock that is %s ahead breaches: %s', async (ahead, breaches) => {
    await world.clock.set(new Date().toISOString(), 1)
    await world.clock.advance(ahead)
    expect(await only(clockSkew)).toMatchObject({ threshold: 5, breaches })
  })

  it('dead_tuples: is off, and names the tables', async () => {
    expect(deadTuples.timing.enabled).toBe(false)
    expect(await world.measure(deadTuples)).toEqual([])
  })
})

describe('the alerter itself', () => {
  it.each([
    [2, 60, false],
    [3, 30, true],
    [1, 61, true],
  ])('rule_evaluation_failed: %i failures within %i s breach: %s', async (failures, seconds, breaches) => {
    await world.query(
      `INSERT INTO tds_alert_rule_runs (rule, evaluated_at, failures, failing_since)
       VALUES ('sync_lag', tds_now(), $1, tds_now() - make_interval(secs => $2)), ('dlq_open', tds_now(), 0, NULL)`,
      [failures, seconds],
    )
    expect(await only(ruleEvaluationFailed)).toMatchObject({ labels: { failing_rule: 'sync_lag' }, breaches })
  })

  it('receiver_broken: names what is broken, and nothing else', async () => {
    await world.query(
      `INSERT INTO tds_receiver_states (integration, broken_since) VALUES ('slack', tds_now()), ('email', NULL)`,
    )
    expect(await only(receiverBroken)).toMatchObject({ labels: { integration: 'slack' }, breaches: true })
  })
})

function byLabel(samples: Awaited<ReturnType<RuleWorld['measure']>>, label: string): Record<string, boolean> {
  return Object.fromEntries(samples.map(({ labels, breaches }) => [labels[label] ?? '', breaches]))
}

function signal(): { readonly given: Promise<void>; readonly give: () => void } {
  const { promise, resolve } = Promise.withResolvers<undefined>()
  return {
    given: promise,
    give: () => {
      resolve(undefined)
    },
  }
}

import { createTestDatabase, takeOverClock, type TestClock, type TestDatabase } from '@tds/db/testing'
import { webhookChecks } from './webhook-checks.ts'

/** A Monday, 12:00 UTC. */
const now = '2026-11-16T12:00:00Z'
const minutes = 5

describe('the checks of webhooks', () => {
  let database: TestDatabase
  let clock: TestClock

  beforeAll(async () => {
    database = await createTestDatabase({ poolSize: 2 })
    clock = await takeOverClock(database.db)
  })
  beforeEach(async () => {
    await clock.set(now)
    await query('TRUNCATE tds_webhook_watches, tds_webhook_counts, tds_first_sights, tds_ledger_sweeps')
  })
  afterAll(() => database.drop())

  describe('webhook_coverage', () => {
    it.each([
      [19, 0, 'healthy'],
      [1, 18, 'healthy'],
      [19, 1, 'healthy'],
      [18, 2, 'degraded'],
      [0, 20, 'degraded'],
    ])('with %i told and %i missed is %s', async (told, missed, status) => {
      await watch('invoice')
      await countHour('invoice', '2026-11-16T09:00Z', { told, missed })
      expect(await check('webhook_coverage')).toMatchObject({ status, facts: { invoice: { told, missed } } })
    })

    it('looks at the last day alone, and at each type by itself', async () => {
      await watch('invoice')
      await watch('product')
      await countHour('invoice', '2026-11-15T11:00Z', { told: 0, missed: 90 })
      await countHour('product', '2026-11-16T11:00Z', { told: 900, missed: 0 })
      await countHour('invoice', '2026-11-16T11:00Z', { told: 10, missed: 10 })
      const { detail } = await check('webhook_coverage')
      expect(detail).toContain('invoice 10 of 20 (50.0 %)')
      expect(detail).not.toContain('product')
    })

    it('says so when nothing was seen', async () => {
      await watch('invoice')
      expect(await check('webhook_coverage')).toMatchObject({
        status: 'healthy',
        detail: /No version/ as never,
      })
    })
  })

  describe('webhook_silence', () => {
    it('is no alarm before a habit is learned from twenty webhooks', async () => {
      await watch('invoice', { lastAt: '2026-11-13T08:30Z' })
      await officeHours('invoice', { until: '2026-11-13T08:59Z', webhooks: 1, days: 2 })
      expect(await check('webhook_silence')).toMatchObject({
        status: 'healthy',
        facts: { invoice: { state: 'learning' } },
      })
    })

    it('is none over night and over a weekend of a type that keeps office hours', async () => {
      await watch('invoice', { lastAt: '2026-11-13T16:40Z' })
      await officeHours('invoice', { until: '2026-11-13T16:59Z' })
      await clock.set('2026-11-16T09:59:00Z')
      expect(await check('webhook_silence')).toMatchObject({
        status: 'healthy',
        facts: { invoice: { state: 'speaking', silentBusyHours: 1, habitBusyHours: 2 } },
      })
    })

    it('is one after more busy hours than are usual, with the last time, the address and what to do', async () => {
      await watch('invoice', { lastAt: '2026-11-16T08:40Z' })
      await officeHours('invoice', { until: '2026-11-16T08:59Z' })
      const found = await check('webhook_silence')
      expect(found).toMatchObject({
        status: 'degraded',
        facts: { invoice: { state: 'silent', silentBusyHours: 3, habitBusyHours: 2 } },
      })
      expect(found.detail).toContain('/webhooks/invoices at 2026-11-16 08:40:00+00, 3 busy hours ago')
      expect(found.detail).toContain('list of failed webhooks')
    })

    it('goes by the usual waits of the type, not by those of others, and leaves the longest out', async () => {
      await officeHours('product', { until: '2026-11-16T11:59Z' })
      await watch('product', { lastAt: '2026-11-16T11:30Z' })
      await everySomeHours('bill', 4, { until: '2026-11-16T08:00Z', gapDay: '2026-11-10' })
      await watch('bill', { lastAt: '2026-11-16T08:10Z' })
      expect(await check('webhook_silence')).toMatchObject({
        status: 'healthy',
        facts: { bill: { state: 'speaking', silentBusyHours: 3, habitBusyHours: 8 } },
      })
    })

    it('is quiet and no alarm where reads found no change either, and an alarm where they did', async () => {
      await watch('invoice', { lastAt: '2026-11-16T08:40Z', runAt: '2026-11-16T11:50Z' })
      await officeHours('invoice', { until: '2026-11-16T08:59Z' })
      expect(await check('webhook_silence')).toMatchObject({
        status: 'healthy',
        facts: { invoice: { state: 'quiet' } },
      })
      await see('invoice', '2026-11-16T10:00Z')
      expect(await check('webhook_silence')).toMatchObject({
        status: 'degraded',
        detail: expect.stringContaining('reads found 1 changes meanwhile'),
      })
    })

    it('stays an alarm for as long as it lasts', async () => {
      await watch('invoice', { lastAt: '2026-11-16T08:40Z' })
      await officeHours('invoice', { until: '2026-11-16T08:59Z' })
      await clock.set('2026-12-30T12:00:00Z')
      expect(await check('webhook_silence')).toMatchObject({ status: 'degraded' })
    })

    it('takes the hours of the week from the time zone, also where it changes', async () => {
      await watch('invoice', { lastAt: '2026-10-23T14:30Z' })
      // Summer time in Berlin ends on 25 October: office hours are an hour later in UTC from then on.
      await officeHours('invoice', { until: '2026-10-23T14:59Z', from: 6, to: 15 })
      await clock.set('2026-10-26T08:59:00Z')
      const berlin = await check('webhook_silence', 'Europe/Berlin')
      expect(berlin.facts).toMatchObject({ invoice: { silentBusyHours: 1 } })
      expect((await check('webhook_silence', 'UTC')).facts).toMatchObject({ invoice: { silentBusyHours: 2 } })
    })

    it.each([
      ['before the first load', {}, false, 'healthy', 'none-yet'],
      ['within a day of it', { loadedAt: '2026-11-15T13:00Z' }, true, 'healthy', 'none-yet'],
      ['a day after it, without any change', { loadedAt: '2026-11-15T11:00Z' }, false, 'healthy', 'none-yet'],
      ['a day after it, with changes', { loadedAt: '2026-11-15T11:00Z' }, true, 'degraded', 'never'],
    ] as const)(
      'has a state of its own where none has ever come: %s',
      async (_, dates, seen, status, state) => {
        await watch('invoice', dates)
        if (seen) await see('invoice', '2026-11-15T20:00Z')
        expect(await check('webhook_silence')).toMatchObject({ status, facts: { invoice: { state } } })
      },
    )
  })

  describe('webhook_ledger', () => {
    it('says once that the list is not shown to us, which degrades nothing', async () => {
      await sweep(
        `unavailable_until = tds_now() + interval '23 hours', last_error = 'zoho_ledger_unavailable'`,
      )
      expect(await check('webhook_ledger')).toMatchObject({
        status: 'healthy',
        detail: expect.stringContaining('asked again in 23 h'),
      })
    })

    it.each([
      ['just failed', `swept_at = tds_now() - interval '1 hour', last_error = 'zoho_unavailable'`, 'healthy'],
      [
        'fails for two hours',
        `swept_at = tds_now() - interval '2 hours', last_error = 'transport'`,
        'degraded',
      ],
      ['has never succeeded', `last_error = 'transport'`, 'degraded'],
      ['is well', `swept_at = tds_now(), failures = 3, owed = 2`, 'healthy'],
    ])('judges a sweep that %s', async (_, changes, status) => {
      await sweep(changes)
      expect(await check('webhook_ledger')).toMatchObject({ status })
    })

    it('says that it is off, or was not read yet', async () => {
      expect((await check('webhook_ledger')).detail).toContain('not read yet')
      const [, , off] = webhookChecks(database.db, { timeZone: 'UTC', ledgerMinutes: () => 0 })
      expect((await off?.check())?.detail).toContain('switched off')
    })
  })

  async function check(name: string, timeZone = 'UTC') {
    const found = webhookChecks(database.db, { timeZone, ledgerMinutes: () => minutes }).find(
      (one) => one.name === name,
    )
    if (found === undefined) throw new Error(`there is no check ${name}`)
    return found.check()
  }

  function watch(type: string, o: { lastAt?: string; loadedAt?: string; runAt?: string } = {}) {
    const at = (time?: string) => (time === undefined ? 'NULL' : `'${time}'`)
    return query(
      `INSERT INTO tds_webhook_watches (organization_id, entity_type, watched_since, last_webhook_at, loaded_at, last_run_at)
       VALUES ('1', '${type}', '2026-10-01', ${at(o.lastAt)}, ${at(o.loadedAt)}, ${at(o.runAt ?? o.loadedAt)})`,
    )
  }

  function countHour(type: string, hour: string, o: { webhooks?: number; told?: number; missed?: number }) {
    const { webhooks = 0, told = 0, missed = 0 } = o
    return query(
      `INSERT INTO tds_webhook_counts (organization_id, entity_type, hour, webhooks, versions_told, versions_missed)
       VALUES ('1', '${type}', '${hour}', ${String(webhooks)}, ${String(told)}, ${String(missed)})`,
    )
  }

  /** So many webhooks in every hour of the office (8 to 17) of the last days, weekends left out. */
  function officeHours(
    type: string,
    o: { until: string; webhooks?: number; days?: number; from?: number; to?: number },
  ) {
    const { webhooks = 3, days = 14, from = 8, to = 17 } = o
    return query(
      `INSERT INTO tds_webhook_counts (organization_id, entity_type, hour, webhooks)
       SELECT '1', '${type}', h, ${String(webhooks)}
         FROM generate_series(date_trunc('day', '${o.until}'::timestamptz) - interval '${String(days)} days',
                              '${o.until}'::timestamptz, '1 hour') h
        WHERE extract(isodow FROM h) < 6 AND extract(hour FROM h) >= ${String(from)} AND extract(hour FROM h) < ${String(to)}`,
    )
  }

  /** One webhook every some hours, day and night, but none for most of one day. */
  function everySomeHours(type: string, hours: number, o: { until: string; gapDay: string }) {
    return query(
      `INSERT INTO tds_webhook_counts (organization_id, entity_type, hour, webhooks)
       SELECT '1', '${type}', h, 1
         FROM generate_series('${o.until}'::timestamptz - interval '14 days', '${o.until}', '${String(hours)} hours') h
        WHERE h::date <> '${o.gapDay}'`,
    )
  }

  function see(type: string, at: string) {
    return query(
      `INSERT INTO tds_first_sights (organization_id, entity_type, zoho_id, version, seen_by, seen_at)
       VALUES ('1', '${type}', '7', '${at}', 'incremental', '${at}')`,
    )
  }

  async function sweep(changes: string): Promise<void> {
    await query(`INSERT INTO tds_ledger_sweeps (organization_id) VALUES ('1')`)
    await query(`UPDATE tds_ledger_sweeps SET ${changes}`)
  }

  async function query(sql: string): Promise<void> {
    await database.db.query(sql)
  }
})

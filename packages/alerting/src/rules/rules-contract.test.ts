import { readdirSync, readFileSync } from 'node:fs'
import { databaseTime, type Queryable } from '@tds/db'
import { createTestDatabase, type TestDatabase } from '@tds/db/testing'
import { largeTables, notingScans } from '../testing/noting-scans.ts'
import { describedSettings } from './described-settings.ts'
import { alertRules } from './index.ts'
import { settleRule } from './rule-settings.ts'
import type { AlertRule } from './rule.ts'

const runbooks = new URL('../../../../docs/operations/alerts/', import.meta.url)
const headings = ['What it means', 'How to confirm', 'How to repair', 'When to escalate', 'Settings']
/** Told by the machinery of alerts itself, without a rule that could be set. */
const withoutRule = [
  { name: 'clock_jump', title: 'The clock of the database has jumped' },
  { name: 'database_unreachable', title: 'Postgres does not answer' },
  { name: 'notification_dead', title: 'Messages could not be delivered and were given up' },
  { name: 'alerter_down', title: 'No alerter is alive' },
]
const cases = alertRules.map((rule) => ({ name: rule.name, rule }))

describe('every rule', () => {
  let database: TestDatabase
  beforeAll(async () => {
    database = await createTestDatabase({ poolSize: 2 })
  })
  afterAll(() => database.drop())

  const measure = (rule: AlertRule, watch: (tx: Queryable) => Queryable = (tx) => tx) =>
    database.db.transaction(async (tx) => {
      const now = await databaseTime(tx)
      const startedAt = new Date(now.getTime() - 120_000)
      return rule.measure({ tx: watch(tx), now, startedAt, settings: rule.settings.parse({}) })
    })

  it('has a name of its own in snake_case', () => {
    const names = alertRules.map(({ name }) => name)
    expect(new Set(names).size).toBe(names.length)
    for (const name of names) expect(name).toMatch(/^[a-z][a-z0-9]*(_[a-z0-9]+)*$/)
  })

  it.each(cases)(
    '$name goes by defaults that it accepts itself, each with its unit or meaning',
    ({ rule }) => {
      expect(settleRule(rule, new Map()).problems).toEqual([])
      for (const { description } of describedSettings(rule)) expect(description).not.toBe('')
    },
  )

  it.each(cases)('$name measures an empty database without an alarm', async ({ rule }) => {
    const samples = await measure(rule)
    expect(samples.filter(({ breaches, holds }) => breaches || holds === true)).toEqual([])
  })

  describe('docs/operations/alerts', () => {
    it('has a page for every rule and for what is told without one, and no other', () => {
      const pages = readdirSync(runbooks).filter((file) => file !== 'README.md')
      const told = [...alertRules, ...withoutRule].map(({ name }) => `${name}.md`)
      expect(pages.sort()).toEqual(told.sort())
    })

    it.each(withoutRule)('has of $name its headings and its title, and nothing to set', ({ name, title }) => {
      const page = pageOf({ name })
      expect(page.startsWith(`# ${name}\n`)).toBe(true)
      expect(page).toContain(title)
      expect([...page.matchAll(/^## (.+)$/gm)].map(([, heading]) => heading)).toEqual(headings.slice(0, -1))
    })

    it.each(cases)('has of $name its headings, its title and its settings as they are', ({ rule }) => {
      const page = pageOf(rule)
      expect(page.startsWith(`# ${rule.name}\n`)).toBe(true)
      expect(page).toContain(rule.title)
      expect([...page.matchAll(/^## (.+)$/gm)].map(([, heading]) => heading)).toEqual(headings)
      const told = [...page.matchAll(/^\| `(\w+)` *\| `([^`]*)` *\| (.*?) *\|$/gm)]
      expect(told.map(([, key, fallback, description]) => [key, fallback, description])).toEqual(
        describedSettings(rule).map(({ key, fallback, description }) => [key, String(fallback), description]),
      )
    })

    it.each([...alertRules, ...withoutRule])('confirms $name by statements that run', async (told) => {
      const statements = [...pageOf(told).matchAll(/```sql\n([^]*?)```/g)].map(([, text = '']) => text)
      for (const text of statements) expect(await database.db.query(text)).toBeDefined()
    })

    it('lists every rule, and what is told without one, on the page about all', () => {
      const page = readFileSync(new URL('README.md', runbooks), 'utf8')
      const listed = [...page.matchAll(/^\| \[`(\w+)`\]\(\1\.md\)/gm)].map(([, name]) => name)
      expect(listed).toEqual([...alertRules, ...withoutRule].map(({ name }) => name))
    })
  })

  describe('with much in the tables', () => {
    beforeAll(async () => {
      await fill(database)
    })

    it.each(cases)('$name reads no large table from one end to the other', async ({ rule }) => {
      const scans: string[] = []
      await measure(rule, (tx) => notingScans(tx, scans))
      expect(scans.filter((table) => largeTables.has(table))).toEqual([])
    })
  })
})

function pageOf({ name }: { readonly name: string }): string {
  return readFileSync(new URL(`${name}.md`, runbooks), 'utf8')
}

/** As after weeks: much that is over, little of now. */
async function fill({ db }: TestDatabase): Promise<void> {
  await db.query(
    `INSERT INTO tds_inbox_events (organization_id, source_type, entity_type, source_entity_id, operation_type,
            idempotency_key, content_hash, raw_body, received_at, status, processed_at)
     SELECT '1', 'zoho', 'product', n::text, 'upsert', n::text, 'hash', '', at, 'applied', at
       FROM (SELECT n, tds_now() - n * interval '20 seconds' AS at FROM generate_series(1, 30000) n) e`,
  )
  await db.query(
    `INSERT INTO tds_sync_logs (organization_id, entity_type, operation, outcome, logged_at)
     SELECT '1', 'product', 'upsert', 'applied', tds_now() - n * interval '20 seconds' FROM generate_series(1, 60000) n`,
  )
  await db.query(
    `INSERT INTO tds_metrics (metric_name, metric_type, entity_type, value, recorded_at)
     SELECT 'end_to_end', 'histogram', 'product', '{"p95": 1}', tds_now() - n * interval '20 seconds'
       FROM generate_series(1, 60000) n`,
  )
  await db.query(
    `INSERT INTO tds_dead_letter_queue (organization_id, entity_type, event_id, class, fingerprint, failure_reason,
            operation_type, status, resolved_at, created_at)
     SELECT '1', 'product', gen_random_uuid(), 'data', 'f', 'test', 'upsert', 'replayed', tds_now(),
            tds_now() - n * interval '1 minute' FROM generate_series(1, 20000) n`,
  )
  await db.query(
    `INSERT INTO tds_event_counts (minute, status, daemon_id, events)
     SELECT date_trunc('minute', tds_now()) - n * interval '1 minute', 'applied', gen_random_uuid(), 1
       FROM generate_series(1, 40000) n`,
  )
  await db.query(
    `INSERT INTO tds_calls (id, organization_id, day, lane, purpose, daemon_id, started_at, expires_at, counted_until)
     SELECT gen_random_uuid(), '1', at::date, 'l', 'p', gen_random_uuid(), at, at, at
       FROM (SELECT tds_now() - n * interval '8 seconds' AS at FROM generate_series(1, 20000) n) c`,
  )
  await db.query(
    `INSERT INTO tds_attempt_counts (span, backend, attempts, failed)
     SELECT date_bin('10 seconds', tds_now(), 'epoch') - n * interval '10 seconds', backend, 9, 1
       FROM generate_series(1, 8640) n, generate_series(1, 4) backend`,
  )
  await db.query(
    `INSERT INTO tds_webhook_refusals (minute, answer, reason, daemon_id, refusals)
     SELECT date_trunc('minute', tds_now()) - n * interval '1 minute', 401, 'signature_wrong', gen_random_uuid(), 3
       FROM generate_series(15, 40000) n`,
  )
  await db.query('ANALYZE')
}

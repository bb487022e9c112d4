import { randomUUID } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough, Readable } from 'node:stream'
import { defaultRouting } from '@tds/alerting'
import { expectEnvelope } from '../testing/expect-envelope.ts'
import {
  createTdsWorld,
  usableProduct,
  type Run,
  type RunOptions,
  type TdsWorld,
} from '../testing/tds-world.ts'
import { commands } from './commands/index.ts'
import type { Envelope } from './output/envelope.ts'

describe('tds', () => {
  let world: TdsWorld
  let folder: string

  beforeEach(async () => {
    world = await createTdsWorld()
    folder = await mkdtemp(join(tmpdir(), 'tds-cli-'))
  })

  afterEach(async () => {
    await world.drop()
    await rm(folder, { recursive: true })
  })

  const tds = (line: string, o: RunOptions = {}): Promise<Run> => world.run(split(line), o)

  const json = async (line: string, o: RunOptions = {}): Promise<Envelope> =>
    expectEnvelope(await tds(`${line} --json`, o))

  async function statusOf(id: string): Promise<unknown> {
    const { rows } = await world.db.query<{ status: string }>(
      'SELECT status FROM tds_inbox_events WHERE id = $1',
      [id],
    )
    return rows[0]?.status
  }

  /** Asks for a run and returns its id. */
  async function runId(line: string): Promise<string> {
    return (await tds(`${line} -o id`)).out.trim()
  }

  /** Makes a dead letter of a product, whose replay goes well; returns its id. */
  async function letterId(zohoId: string): Promise<string> {
    const id = await world.deliver(zohoId, { rate: 'not a number' })
    await world.apply(id)
    await world.db.query(
      `UPDATE tds_inbox_events SET payload = jsonb_set(payload, '{item,rate}', '5') WHERE id = $1`,
      [id],
    )
    return (await tds(`dlq list --record ${zohoId} -o id`)).out.trim()
  }

  /** Makes an alert that fires; returns its id. */
  async function alertId(): Promise<string> {
    const { rows } = await world.db.query<{ id: string }>(
      `INSERT INTO tds_alerts (alert_type, severity, title, message, fingerprint)
       VALUES ('sync_lag', 'error', 'Something', 'Something', 'sync_lag') RETURNING id`,
    )
    return rows[0]?.id ?? ''
  }

  async function actions(): Promise<Record<string, unknown>[]> {
    const { rows } = await world.db.query(
      `SELECT actor, action, subject, reason, facts->>'via' AS via FROM tds_operator_actions ORDER BY id`,
    )
    return rows
  }

  describe('every command', () => {
    it('gives its result in the envelope and in the form that it states, and says nothing else', async () => {
      const [shown, corrected, driven, discarded] = [
        await world.quarantine('{}'),
        await world.quarantine('{"a": 1}'),
        await world.quarantine(usableProduct()),
        await world.quarantine('{"b": 1}'),
      ]
      const restored = await letterId('17')
      await tds(`dlq discard ${restored} --reason because`)
      const done = await runId(`replay ${await letterId('11')} --reason because`)
      await world.replay()
      const begun = await runId(`replay ${await letterId('12')} --reason because`)
      const fires = await alertId()
      const silence = await runId('alerts silence rule=dlq_open --for 2h --reason because')
      const env = {
        TDS_ENVIRONMENT: 'staging',
        SLACK_WEBHOOK_URL: 'https://hooks.slack.com/services/not-asked',
      }
      const routing = join(folder, 'routing.json')
      await writeFile(routing, JSON.stringify(defaultRouting))
      const lines = [
        'status',
        'version',
        'dlq groups',
        'dlq list',
        `dlq show ${await letterId('13')}`,
        `dlq edit ${await letterId('14')} --read --reason because`,
        `dlq discard ${await letterId('15')} --reason because`,
        `dlq restore ${restored} --reason because`,
        `dlq assign ${await letterId('18')} --to amal --reason because`,
        'dlq export',
        'dlq stats',
        `replay ${await letterId('16')} --reason because`,
        'ops list',
        `ops show ${done}`,
        `ops watch ${done}`,
        `ops abort ${begun} --reason because`,
        `ops resume ${begun} --reason because`,
        'events list',
        `events show ${shown}`,
        'quarantine list',
        `quarantine show ${shown}`,
        `quarantine correct ${corrected} --id 460122000000101014 --reason because`,
        `quarantine redrive ${driven}`,
        `quarantine discard ${discarded} --reason because`,
        'records remap product --reason because',
        'circuit show',
        'circuit reset --reason because',
        'sync product',
        'sync plan',
        'sync runs',
        `sync show ${await runId('sync invoice')}`,
        `sync cancel ${await runId('sync bill')} --reason because`,
        'reconcile customer',
        'reconcile runs',
        'reconcile differences',
        'certificates',
        'fuse show',
        'fuse release product --expect 1 --reason because',
        'alerts list',
        `alerts show ${fires}`,
        `alerts ack ${fires} --reason because`,
        `alerts unack ${fires}`,
        'alerts silence rule=sync_lag --for 2h --reason because',
        'alerts silences',
        `alerts unsilence ${silence}`,
        'alerts deliveries',
        'alerts test slack --dry-run',
        'alerts receivers',
        'alert-rules list',
        'alert-rules show queue_backlog',
        'alert-rules set queue_backlog threshold=5000 --reason because',
        'alert-rules reset queue_backlog --reason because',
        'alert-rules backtest queue_backlog',
        'alert-routing show severity=critical rule=worker_down',
        `alert-routing set --to @${routing} --reason because`,
        'alert-routing reset --reason because',
      ]
      await world.holdDeletions(['7'])
      for (const line of lines) expect(await json(line, { env })).toMatchObject({ error: null, exitCode: 0 })
      const ran = lines.map((line) => commands.findLast(({ name }) => line.startsWith(name))?.name)
      expect(ran.sort()).toEqual(commands.map(({ name }) => name).sort())
    })

    it('changes nothing in a rehearsal, and says that it was one', async () => {
      const usable = await world.quarantine(usableProduct())
      const bad = await world.quarantine('{}')
      for (const line of [
        `quarantine redrive ${usable} --dry-run`,
        `quarantine correct ${bad} --id 7 --reason because --dry-run`,
        `quarantine discard ${bad} --reason because --dry-run`,
      ]) {
        expect(await json(line)).toMatchObject({ ok: true, dryRun: true })
      }
      expect([await statusOf(usable), await statusOf(bad)]).toEqual(['quarantined', 'quarantined'])
      expect(await actions()).toEqual([])
      expect((await tds(`quarantine redrive ${usable} --dry-run`)).err).toContain('nothing was changed')
    })

    it('remaps only a type that there is, and only with a reason', async () => {
      expect(await json('records remap product')).toMatchObject({ exitCode: 2 })
      expect(await json('records remap warehouse --reason because')).toMatchObject({ exitCode: 2 })
      expect(await json('records remap product --dry-run --reason because')).toMatchObject({
        dryRun: true,
        data: { entityType: 'product', changed: 0, unreadable: 0, finished: true },
      })
    })

    it('takes a stray -- as pnpm hands it through', async () => {
      expect(await tds('-- quarantine list')).toMatchObject({ exitCode: 0 })
      expect(await tds('quarantine -- list --limit 1')).toMatchObject({ exitCode: 0 })
    })

    it('is not mistaken for another whose word stands in an option', async () => {
      const asked = await tds('sync product --dry-run --actor show --reason runs')
      const before = await tds('sync --json --reason runs product --dry-run')
      expect(await expectEnvelope(before)).toMatchObject({
        command: 'sync',
        dryRun: true,
      })
      expect(asked.exitCode).toBe(0)
    })

    it('takes its options before and after its name', async () => {
      expect((await tds('-o json status')).out).toContain('"schema":"tds.cli/1"')
    })

    it('reads DATABASE_URL from a file where that is named', async () => {
      const file = join(folder, 'url')
      await writeFile(file, `${world.env['DATABASE_URL'] ?? ''}\n`)
      const env = { DATABASE_URL: undefined, DATABASE_URL_FILE: file }
      expect(await tds('events list', { env })).toMatchObject({ exitCode: 0, err: '' })
    })

    it.each([
      ['an unknown command', 'quarantine lst', 'unknown command'],
      ['a group alone', 'quarantine', 'there are list, show, correct, redrive, discard'],
      ['an unknown option', 'events list --colour', 'unknown option'],
      ['a missing argument', 'events show', "missing required argument 'id'"],
      ['an id that is none', 'events show 7', 'expected the id of an event'],
      ['a limit out of range', 'events list --limit 0', '--limit: expected a whole number'],
      ['a state that is none', 'events list --status lost', '--status: expected one or more of pending'],
      ['a moment that is none', 'events list --since yesterday', '--since: expected a date'],
      ['a day that does not exist', 'events list --since 2026-02-30', '--since: expected a date'],
      ['an age beyond all calendars', 'events list --since 999999w', '--since: expected a date'],
      ['a cursor that is none', 'events list --cursor x', '--cursor: expected the cursor'],
      [
        'a cursor without a time',
        `events list --cursor ${Buffer.from('2026-x|58d7d51b-6a0e-5c3a-9f61-0d3f6a7f6f10').toString('base64url')}`,
        '--cursor: expected the cursor',
      ],
      ['a change without a reason', `quarantine discard ${randomUUID()}`, '--reason <text> is needed'],
      ['a correction of nothing', `quarantine correct ${randomUUID()} --reason r`, 'nothing was corrected'],
      ['a timeout out of range', 'status --timeout 0', '--timeout: expected whole seconds'],
    ])(
      'answers %s with exit 2, what is expected, and JSON where JSON was asked for',
      async (_, line, said) => {
        const run = await tds(line)
        expect(run).toMatchObject({ exitCode: 2, out: '' })
        expect(run.err).toContain(said)
        expect(run.err).toContain('code: usage')
        expect((await json(line)).error).toMatchObject({ code: 'usage' })
      },
    )

    it('names DATABASE_URL when it is not set', async () => {
      const run = await tds('events list', { env: { DATABASE_URL: undefined } })
      expect(run).toMatchObject({ exitCode: 2, out: '' })
      expect(run.err).toContain('DATABASE_URL: not set')
    })

    it('exits 7 when Postgres is not there, and shows no password', async () => {
      const env = { DATABASE_URL: 'postgresql://nobody:hidden@127.0.0.1:1/nothing' }
      const run = await tds('status', { env })
      expect(run).toMatchObject({ exitCode: 7, out: '' })
      expect(run.err).toContain('database_unavailable')
      expect(run.err).not.toContain('hidden')
      expect((await json('status', { env })).error).toMatchObject({
        code: 'database_unavailable',
        retryable: true,
      })
    })

    it('refuses a database of another version', async () => {
      await world.db.query(
        `INSERT INTO _prisma_migrations (id, checksum, migration_name, started_at, finished_at)
         VALUES (gen_random_uuid(), '', '29990101000000_add_tomorrow', now(), now())`,
      )
      expect((await json('events list')).error).toMatchObject({ code: 'schema_newer' })
      expect(await tds('events list')).toMatchObject({ exitCode: 6 })
      expect(await json('version')).toMatchObject({ exitCode: 0, data: { database: 'schema_newer' } })
    })
  })

  describe('lists', () => {
    it('come in pages that neither repeat nor skip', async () => {
      const ids = []
      for (const body of ['{"n": 1}', '{"n": 2}', '{"n": 3}']) ids.push(await world.quarantine(body))
      const first = await json('quarantine list --limit 2')
      const cursor = first.meta.nextCursor ?? ''
      expect(first.meta.truncated).toBe(true)
      const second = await json(`quarantine list --limit 2 --cursor ${cursor}`)
      expect(second.meta).toMatchObject({ nextCursor: null, truncated: false })
      expect([...eventsIn(first), ...eventsIn(second)]).toEqual(ids)
      expect((await tds('quarantine list --limit 2')).err).toContain(`--cursor ${cursor}`)
      const newest = await json('events list --limit 1')
      expect(eventsIn(newest)).toEqual(ids.slice(-1))
    })

    it('are narrowed by state, type, record, reason and time', async () => {
      const id = await world.quarantine('{}')
      await world.quarantine('{"a": 1}', { errorCode: 'future', entityType: 'invoice' })
      expect(eventsIn(await json('events list --reason-code no_id'))).toEqual([id])
      expect(
        eventsIn(await json('events list --type product --status quarantined,retry --since 1h')),
      ).toEqual([id])
      expect(eventsIn(await json('events list --since 2099-01-01'))).toEqual([])
      expect(eventsIn(await json('events list --record 7'))).toEqual([])
    })

    it('are for people aligned, in a pipe separated by tabs, and as ids one a line', async () => {
      const id = await world.quarantine('{}')
      expect((await tds('quarantine list')).out.split('\n')[1]?.split('\t')).toContain(id)
      expect((await tds('quarantine list', { isTerminal: true })).out).not.toContain('\t')
      expect((await tds('quarantine list -o id')).out).toBe(`${id}\n`)
    })

    it('as ndjson end with a summary', async () => {
      await world.quarantine('{}')
      const lines = (await tds('quarantine list -o ndjson')).out.trim().split('\n')
      expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([
        { status: 'quarantined' },
        { type: 'summary', count: 1, exitCode: 0 },
      ])
    })

    it('let nothing that a sender wrote break a line or steer the terminal', async () => {
      const id = await world.quarantine('{}', { errorMessage: 'one\ntwo\u001b[2J\u202Ethree' })
      const { out } = await tds(`events show ${id}`, { isTerminal: true })
      expect(out).toContain('one\\u000atwo\\u001b[2J\\u202ethree')
    })
  })

  describe('events show', () => {
    it('tells the life of an event, from its quarantine to the change of its record', async () => {
      const id = await world.quarantine(usableProduct())
      await tds(`quarantine redrive ${id} --actor amal --reason mended`)
      await world.apply(id)
      const { data } = await json(`events show ${id}`)
      expect(data).toMatchObject({
        event: { status: 'applied', requestId: 'request-1', sender: '10.0.0.1' },
        life: [
          { kind: 'operator', what: 'quarantine.redrive', by: 'amal', detail: 'mended' },
          { kind: 'change', what: 'created' },
          { kind: 'attempt', what: 'applied' },
        ],
        body: null,
      })
    })

    it('shows the body only when asked, exactly, and writes down who looked', async () => {
      const secret = '{"note": "a customer\'s own words"}'
      const id = await world.quarantine(secret)
      expect((await tds(`events show ${id} --json`)).out).not.toContain('own words')
      const { data } = await json(`events show ${id} --raw --actor amal --reason complaint`)
      expect(data).toMatchObject({ body: { encoding: 'utf8', text: secret } })
      expect(await actions()).toEqual([
        { actor: 'amal', action: 'event.reveal', subject: id, reason: 'complaint', via: 'cli-direct' },
      ])
    })

    it('gives bytes that are no text as base64', async () => {
      const bytes = Buffer.from([0xff, 0x00, 0x7b])
      const id = await world.quarantine('', { rawBody: bytes })
      const { data } = await json(`events show ${id} --raw`)
      expect(data).toMatchObject({ body: { encoding: 'base64', text: bytes.toString('base64') } })
    })

    it('exits 5 for an id that nothing has', async () => {
      expect(await json(`events show ${randomUUID()}`)).toMatchObject({
        exitCode: 5,
        data: null,
        error: { code: 'event_not_found', retryable: false },
      })
    })
  })

  describe('quarantine', () => {
    it('show says why a delivery waits, and whether it would be accepted today', async () => {
      const bad = await world.quarantine('{"item": {}}')
      expect((await json(`quarantine show ${bad}`)).data).toMatchObject({
        event: { reason: 'no_id', explanation: 'The body has no id.' },
        redrive: { outcome: 'still_unusable', reason: 'no_id' },
      })
      const good = await world.quarantine(usableProduct())
      expect((await tds(`quarantine show ${good}`)).out).toContain(
        'It would be accepted today: update of product 460122000000101014.',
      )
      expect(await actions()).toEqual([])
    })

    it('correct takes a file, names the original, and the worker applies it', async () => {
      const id = await world.quarantine(usableProduct().slice(0, -5), { errorCode: 'not_json' })
      const file = join(folder, 'fixed.json')
      await writeFile(file, usableProduct())
      const run = await world.run([
        ...split(`quarantine correct ${id} --payload @${file} --actor amal -o id --reason`),
        'its end was missing',
      ])
      const made = run.out.trim()
      await world.apply(made)
      expect([await statusOf(id), await statusOf(made)]).toEqual(['discarded', 'applied'])
      expect((await json(`events show ${id}`)).data).toMatchObject({
        life: [
          { kind: 'correction', what: 'applied', detail: made },
          { kind: 'attempt', what: 'discarded', detail: expect.stringContaining(`corrected as ${made}`) },
          { kind: 'operator', what: 'quarantine.correct', by: 'amal', detail: 'its end was missing' },
        ],
      })
      expect((await json(`events show ${made}`)).data).toMatchObject({
        event: { replayOf: id, source: 'manual' },
      })
    })

    it('correct takes standard input, and another kind of record', async () => {
      const id = await world.quarantine('{}', { entityType: 'invoice' })
      const stdin = Readable.from([Buffer.from(usableProduct())])
      const line = `quarantine correct ${id} --entity product --payload - --reason r`
      expect((await json(line, { stdin })).data).toMatchObject({
        entityType: 'product',
        recordId: '460122000000101014',
        asksZoho: false,
      })
    })

    it.each([
      ['a payload that cannot be used', '{"item": {}}', 'no_id'],
      ['a payload that is no JSON', '{"item": ', 'not_json'],
    ])('correct refuses %s with exit 2, and changes nothing', async (_, payload, reason) => {
      const id = await world.quarantine('{}')
      const stdin = Readable.from([Buffer.from(payload)])
      const run = await tds(`quarantine correct ${id} --payload - --reason r`, { stdin })
      expect(run.exitCode).toBe(2)
      expect(run.err).toContain(`The correction cannot be used (${reason})`)
      expect(await statusOf(id)).toBe('quarantined')
    })

    it('never waits for a person: a terminal as standard input is refused at once', async () => {
      const stdin = Object.assign(new PassThrough(), { isTTY: true })
      const run = await tds(`quarantine correct ${randomUUID()} --payload - --reason r`, { stdin })
      expect(run).toMatchObject({ exitCode: 2 })
      expect(run.err).toContain('standard input is a terminal')
    })

    it('never waits for an input that does not end', async () => {
      const run = await tds(`quarantine redrive - --timeout 1`, { stdin: new PassThrough() })
      expect(run).toMatchObject({ exitCode: 2 })
      expect(run.err).toContain('did not end within 1 s')
    })

    it('redrive takes ids from standard input, does what it can and exits 3 for the rest', async () => {
      const [good, bad] = [await world.quarantine(usableProduct()), await world.quarantine('{}')]
      const unknown = randomUUID()
      const stdin = Readable.from([Buffer.from(`${good}\n${bad}\n${unknown}\n`)])
      const envelope = await json('quarantine redrive -', { stdin })
      expect(envelope).toMatchObject({ ok: false, exitCode: 3, error: null })
      expect(envelope.data).toMatchObject({
        results: [
          { eventId: good, outcome: 'requeued' },
          { eventId: bad, outcome: 'still_unusable' },
          { eventId: unknown, outcome: 'not_found' },
        ],
      })
      expect([await statusOf(good), await statusOf(bad)]).toEqual(['pending', 'quarantined'])
    })

    it('redrive accepts what another organisation in the configuration makes ours', async () => {
      const id = await world.quarantine(usableProduct(), { organizationId: '999', errorCode: 'organization' })
      expect((await tds(`quarantine redrive ${id}`)).exitCode).toBe(3)
      const env = { ZOHO_ORGANIZATION_ID: '999' }
      expect((await tds(`quarantine redrive ${id}`, { env })).exitCode).toBe(0)
    })

    it('tells the second of two people that the first one was there, with exit 6', async () => {
      const id = await world.quarantine('{}')
      await tds(`quarantine discard ${id} --reason first --actor amal`)
      const run = await tds(`quarantine correct ${id} --id 7 --reason second --actor basim`)
      expect(run.exitCode).toBe(6)
      expect(run.err).toContain('discarded: quarantine.discard by amal')
    })
  })

  describe('circuit', () => {
    const organizationId = '790000001'

    /** Opens it as the workers do. */
    async function open(state: string): Promise<void> {
      await world.db.query(
        `INSERT INTO tds_circuits (organization_id, service, state, epoch, reason, failures, opened, probes, down_since,
                next_probe_at)
         VALUES ($1, 'zoho', $2, 7, 'timeout', 3, 1, 2, tds_now(), tds_now() + interval '20 seconds')`,
        [organizationId, state],
      )
    }

    it('shows since when and why, and when the next probe goes out', async () => {
      expect((await tds('circuit show')).out).toBe('Zoho was not called yet.\n')
      await open('open')
      expect((await json('circuit show')).data).toMatchObject({
        circuits: [{ organizationId, state: 'open', reason: 'timeout', failures: 3, opened: 1, probes: 2 }],
      })
      expect((await tds('circuit show')).out).toMatch(/open\ttimeout\t.*\tin (?:19|20) s\t3\t1\t2/)
    })

    it('is closed by a person, once, with a reason that is written down', async () => {
      await open('token_refused')
      expect(await json('circuit reset')).toMatchObject({ exitCode: 2 })
      const line = 'circuit reset --reason corrected --actor amal'
      expect((await json(`${line} --dry-run`)).data).toMatchObject({ from: 'token_refused', changed: true })
      expect(await actions()).toEqual([])
      expect((await json(line)).data).toMatchObject({
        from: 'token_refused',
        reason: 'timeout',
        changed: true,
      })
      expect((await json(line)).data).toMatchObject({ from: 'closed', changed: false })
      expect(await actions()).toEqual([
        {
          actor: 'amal',
          action: 'circuit.reset',
          subject: `zoho ${organizationId}`,
          reason: 'corrected',
          via: 'cli-direct',
        },
      ])
      const { rows } = await world.db.query(
        'SELECT state, epoch, reason, failures, next_probe_at, down_since FROM tds_circuits',
      )
      expect(rows).toEqual([
        { state: 'closed', epoch: '8', reason: 'reset', failures: 0, next_probe_at: null, down_since: null },
      ])
    })

    it('degrades the status while no calls go out, and says which kind it is', async () => {
      await open('quota_exhausted')
      expect((await tds('status')).out).toContain('zoho-circuit\tdegraded\tZoho allows no more calls today')
    })
  })

  describe('fuse', () => {
    it('shows every type, and the records of one that was asked for', async () => {
      await world.holdDeletions(['7', '8'])
      const all = (await json('fuse show')).data as { fuses: { entityType: string; held: number }[] }
      expect(all).toMatchObject({ records: null })
      expect(all.fuses.filter(({ held }) => held > 0)).toMatchObject([
        { entityType: 'product', state: 'blown', held: 2, doneLastHour: 1, limit: 1, rows: 3 },
      ])
      expect((await json('fuse show product')).data).toMatchObject({
        fuses: [{ entityType: 'product', held: 2 }],
        records: [{ recordId: '7', cause: 'reconciliation' }, { recordId: '8' }],
      })
      expect((await tds('fuse show product -o id')).out).toBe('7\n8\n')
      expect(await json('fuse show warehouse')).toMatchObject({ exitCode: 2 })
    })

    it('is released by a person with a reason and the number that is held, once', async () => {
      await world.holdDeletions(['7', '8'])
      const line = 'fuse release product --reason gone --actor amal'
      expect(await json(line)).toMatchObject({ exitCode: 2 })
      expect(await json(`${line} --expect two`)).toMatchObject({ exitCode: 2 })
      expect(await json('fuse release product --expect 2')).toMatchObject({ exitCode: 2 })
      expect(await json(`${line} --expect 3`)).toMatchObject({
        exitCode: 6,
        error: { code: 'fuse_count_differs', message: expect.stringContaining('2 deletions') as string },
      })
      expect(await json(`${line} --expect 2 --dry-run`)).toMatchObject({
        dryRun: true,
        data: { released: 2 },
      })
      expect(await actions()).toEqual([])
      expect((await json(`${line} --expect 2`)).data).toMatchObject({ released: 2 })
      expect(await json(`${line} --expect 2`)).toMatchObject({
        exitCode: 6,
        error: { code: 'fuse_not_blown' },
      })
      expect(await actions()).toMatchObject([
        { actor: 'amal', action: 'fuse.release', subject: 'product 790000001', reason: 'gone' },
      ])
    })

    it('degrades the status while deletions are held', async () => {
      await world.holdDeletions(['7'])
      expect((await tds('status')).out).toContain('deletion_fuse\tdegraded\t1 deletions of product are held')
    })
  })

  describe('status', () => {
    it('says the worst first, and exits 8 only where the check was asked for', async () => {
      await world.quarantine('{}')
      const run = await tds('status')
      expect(run.exitCode).toBe(0)
      expect(run.out.split('\n')[0]).toBe('degraded: quarantine, workers, alerter')
      expect(await json('status --check')).toMatchObject({
        exitCode: 8,
        ok: false,
        data: { verdict: 'degraded' },
      })
    })
  })
})

function split(line: string): string[] {
  return line.split(' ')
}

function eventsIn({ data }: Envelope): string[] {
  return (data as { events: { eventId: string }[] }).events.map((event) => event.eventId)
}

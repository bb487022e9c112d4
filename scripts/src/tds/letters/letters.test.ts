import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { expectEnvelope } from '../../testing/expect-envelope.ts'
import { waitingClock } from '../../testing/run-worker.ts'
import { createTdsWorld, type Run, type RunOptions, type TdsWorld } from '../../testing/tds-world.ts'

const reason = ['--actor', 'amal', '--reason', 'the rates were corrected']

let world: TdsWorld
let records = 0

beforeEach(async () => {
  world = await createTdsWorld()
})
afterEach(async () => {
  await world.drop()
})

/** Gives a product up because of its rate; returns record, event and letter. */
async function letter(changes: Readonly<Record<string, unknown>> = { rate: 'not a number' }) {
  const recordId = `57391400000${String(3000000 + (records += 1))}`
  const eventId = await world.deliver(recordId, changes)
  await world.apply(eventId)
  const { rows } = await world.db.query<{ id: string }>(
    'SELECT id FROM tds_dead_letter_queue WHERE event_id = $1',
    [eventId],
  )
  return { recordId, eventId, letterId: rows[0]?.id ?? '' }
}

/** Makes what letters hold sound again, as a new version of the program would. */
async function mend(): Promise<void> {
  await world.db.query(
    `UPDATE tds_inbox_events SET payload = jsonb_set(payload, '{item,rate}', '5') WHERE status = 'dead_letter'`,
  )
}

async function data(args: readonly string[], o: RunOptions = {}) {
  const run = await world.run([...args, '--json'], o)
  const envelope = await expectEnvelope(run)
  return { ...envelope, data: envelope.data as Record<string, never>, run }
}

const replaying: () => RunOptions = () => ({ clock: waitingClock(() => world.replay()) })
const wait = ['--wait']

describe('tds dlq', () => {
  it('lists by cause and one by one, each beside its record', async () => {
    const [first, second] = [await letter(), await letter()]
    const groups = await data(['dlq', 'groups'])
    expect(groups.data).toMatchObject({
      groups: [{ class: 'data', code: 'bad_money', letters: 2, records: 2, entityTypes: ['product'] }],
    })
    const group = (groups.data as { groups?: { group: string }[] }).groups?.[0]?.group ?? ''
    const list = await data(['dlq', 'list', '--group', group.slice(0, 8), '--limit', '1'])
    expect(list.data).toMatchObject({
      letters: [{ letterId: first.letterId, recordId: first.recordId, staleness: 'not_stored', attempts: 1 }],
    })
    const next = await data(['dlq', 'list', '--cursor', list.meta.nextCursor ?? ''])
    expect(next.data).toMatchObject({ letters: [{ letterId: second.letterId }] })
    expect((await world.run(['dlq', 'list', '--code', 'bad_time', '-o', 'id'])).out).toBe('')
  })

  it('shows one with every attempt and what a replay would do, and its body only with --raw, which is written down', async () => {
    const { letterId, eventId } = await letter()
    const shown = await data(['dlq', 'show', letterId])
    expect(shown.data).toMatchObject({
      letter: { class: 'data', occurrences: 1 },
      attempts: [{ eventId, outcome: 'dead_letter', attempt: 1, code: 'bad_money' }],
      prediction: { predicted: 'failed' },
      body: null,
    })
    const plain = await world.run(['dlq', 'show', letterId, '--raw', ...reason])
    expect(plain.out).toContain('body (utf8):')
    expect(plain.out).toContain('not a number')
    const { rows } = await world.db.query('SELECT actor, action, subject FROM tds_operator_actions')
    expect(rows).toEqual([{ actor: 'amal', action: 'dead_letter.reveal', subject: letterId }])
  })

  it('edits one by a revision beside it', async () => {
    const { letterId, eventId, recordId } = await letter()
    const { rows } = await world.db.query<{ body: string }>(
      `SELECT convert_from(raw_body, 'UTF8') AS body FROM tds_inbox_events`,
    )
    const stdin = () =>
      Object.assign(Readable.from([rows[0]?.body.replace('not a number', '7.25')]), { isTTY: false })
    const edit = ['dlq', 'edit', letterId, '--payload', '-', ...reason]
    const rehearsed = await data([...edit, '--dry-run'], { stdin: stdin() })
    expect(rehearsed).toMatchObject({ dryRun: true, data: { prediction: { predicted: 'applied' } } })
    const { data: edited } = await data(edit, { stdin: stdin() })
    expect(edited).toMatchObject({ letterId, supersedes: eventId, recordId, asksZoho: false })
    await world.apply((edited as { eventId?: string }).eventId ?? '')
    const product = await world.db.query('SELECT rate FROM tds_products WHERE zoho_id = $1', [recordId])
    expect(product.rows).toEqual([{ rate: '7.25' }])
    const audit = await world.db.query('SELECT cause FROM tds_audit_trail')
    expect(audit.rows).toEqual([{ cause: 'replay' }])
    expect((await world.run(edit, { stdin: stdin() })).exitCode).toBe(6)
  })

  it('edits one by values at paths, to the digit, and says where it differs', async () => {
    const { letterId, recordId } = await letter({ rate: '14,50', purchase_rate: 6.2 })
    const set = [
      '--set',
      'item.rate=14.500000000000000001',
      '--set',
      'item.sku=00123',
      '--set',
      'item.brand="7"',
    ]
    const edited = await data(['dlq', 'edit', letterId, ...set, ...reason])
    expect(edited).toMatchObject({
      exitCode: 0,
      data: { recordId, changed: expect.arrayContaining(['/item/sku', '/item/rate', '/item/brand']) },
    })
    await world.apply((edited.data as { eventId?: string }).eventId ?? '')
    const { rows } = await world.db.query(
      `SELECT rate, sku, brand, raw->>'sku' AS raw_sku, (SELECT facts->'changed' @> '["/item/sku", "/item/rate", "/item/brand"]'
                                                   FROM tds_operator_actions) AS noted
         FROM tds_products WHERE zoho_id = $1`,
      [recordId],
    )
    expect(rows).toEqual([
      {
        rate: '14.500000000000000001',
        sku: '00123',
        brand: '7',
        raw_sku: '00123',
        noted: true,
      },
    ])
  })

  it('edits one by a merge patch, which leaves every other digit as it came', async () => {
    const { letterId, recordId } = await letter({ rate: '14,50' })
    const patch = '{"item":{"rate":14.50,"brand":null,"description":"123456789012345678901234567890.10"}}'
    const stdin = Object.assign(Readable.from([patch]), { isTTY: false })
    const edited = await data(['dlq', 'edit', letterId, '--patch', '-', ...reason], { stdin })
    await world.apply((edited.data as { eventId?: string }).eventId ?? '')
    const { rows } = await world.db.query(
      `SELECT rate, brand, description, (SELECT convert_from(raw_body, 'UTF8') FROM tds_inbox_events
                                          WHERE replay_of IS NULL) AS came,
              (SELECT convert_from(raw_body, 'UTF8') FROM tds_inbox_events WHERE replay_of IS NOT NULL) AS revision
         FROM tds_products WHERE zoho_id = $1`,
      [recordId],
    )
    expect(rows).toMatchObject([
      { rate: '14.5', brand: null, description: '123456789012345678901234567890.10' },
    ])
    const [{ came, revision } = { came: '', revision: '' }] = rows as { came: string; revision: string }[]
    const without = (body: string) => body.replace(/"(?:rate|brand|description)":(?:"[^"]*"|[^,}]*),?/g, '')
    expect(without(revision)).toBe(without(came))
  })

  it.each([
    ['a path that leads nowhere', ['--set', 'invoice.total=5'], 2],
    ['no path', ['--set', '=5'], 2],
    ['a number beyond the limits', ['--set', 'item.rate=1e999'], 2],
    ['another id', ['--set', 'item.item_id=1'], 2],
    ['what changes nothing', ['--set', 'item.rate="not a number"'], 2],
    ['two ways at once', ['--set', 'item.rate=5', '--read'], 2],
    ['a patch that is no JSON', ['--patch', '-'], 2],
  ])('refuses to edit by %s, and leaves all as it was', async (_what, edit, exitCode) => {
    const { letterId } = await letter()
    const stdin = Object.assign(Readable.from(['{"item":']), { isTTY: false })
    const run = await world.run(['dlq', 'edit', letterId, ...edit, ...reason, '--json'], { stdin })
    expect(run.exitCode).toBe(exitCode)
    expect((await expectEnvelope(run)).error?.hint).toBeTruthy()
    const { rows } = await world.db.query('SELECT status FROM tds_dead_letter_queue')
    expect(rows).toEqual([{ status: 'open' }])
  })

  it('discards with a reason, and only in the number looked at', async () => {
    const { letterId } = await letter()
    await letter()
    expect((await world.run(['dlq', 'discard', letterId])).exitCode).toBe(2)
    const differs = await data(['dlq', 'discard', '--all', '--expect', '3', ...reason])
    expect(differs).toMatchObject({ exitCode: 6, error: { code: 'selection_differs' } })
    expect((await data(['dlq', 'discard', '--all', '--dry-run', ...reason])).data).toMatchObject({
      results: [{ outcome: 'discarded' }, { outcome: 'discarded' }],
    })
    await data(['dlq', 'discard', letterId, ...reason])
    const left = await data(['dlq', 'discard', '--all', '--expect', '1', ...reason])
    expect(left).toMatchObject({ exitCode: 0 })
    expect((await data(['dlq', 'discard', letterId, ...reason])).exitCode).toBe(3)
  })
})

describe('tds dlq restore', () => {
  it('opens what was discarded by mistake, as the list prints it, and nothing else', async () => {
    const [first, second] = [await letter(), await letter()]
    await data(['dlq', 'discard', first.letterId, ...reason])
    expect((await world.run(['dlq', 'restore', first.letterId])).exitCode).toBe(2)
    const { out } = await world.run(['dlq', 'list', '--status', 'discarded', '-o', 'id'])
    const stdin = () => Object.assign(Readable.from([`${out}${second.letterId}`]), { isTTY: false })
    const rehearsed = await data(['dlq', 'restore', '-', '--dry-run', ...reason], { stdin: stdin() })
    expect(rehearsed).toMatchObject({ exitCode: 3, dryRun: true })
    const restored = await data(['dlq', 'restore', '-', ...reason], { stdin: stdin() })
    expect(restored.data).toMatchObject({
      results: [
        { letterId: first.letterId, outcome: 'restored', events: 1 },
        { letterId: second.letterId, outcome: 'not_discarded', events: 0 },
      ],
    })
    await mend()
    const args = ['replay', first.letterId, ...wait, ...reason]
    expect((await data(args, replaying())).data).toMatchObject({ operation: { outcomes: { applied: 1 } } })
  })
})

describe('tds dlq assign', () => {
  it('says who looks after letters, all or none, and stats count by it', async () => {
    const { letterId } = await letter()
    const other = await letter()
    const assigned = await data(['dlq', 'assign', '--all', '--expect', '2', '--to', 'nadia', ...reason])
    expect(assigned.data).toMatchObject({ assignedTo: 'nadia', changed: 2 })
    const freed = await data(['dlq', 'assign', letterId, '--nobody', ...reason])
    expect(freed.data).toMatchObject({ letterIds: [letterId], assignedTo: null, changed: 1 })
    expect((await data(['dlq', 'show', other.letterId])).data).toMatchObject({
      letter: { assignedTo: 'nadia' },
    })
    await data(['dlq', 'discard', letterId, ...reason])
    const late = await data(['dlq', 'assign', other.letterId, letterId, '--to', 'omar', ...reason])
    expect(late).toMatchObject({ exitCode: 6, error: { code: 'dead_letter_settled' } })
    const stats = await data(['dlq', 'stats', '--days', '2'])
    expect(stats.data).toMatchObject({
      open: [{ class: 'data', letters: 1, records: 1, unassigned: 0 }],
      assignees: [{ assignedTo: 'nadia', letters: 1 }],
      settled: [{ how: 'discarded', letters: 1 }],
      days: [{ givenUp: 2, settled: 1 }, { givenUp: 0 }],
    })
    const { rows } = await world.db.query(
      `SELECT subject, facts->>'from' AS "from", facts->>'to' AS "to" FROM tds_operator_actions
        WHERE action = 'dead_letter.assign' AND subject = $1 ORDER BY acted_at`,
      [letterId],
    )
    expect(rows).toEqual([
      { subject: letterId, from: null, to: 'nadia' },
      { subject: letterId, from: 'nadia', to: null },
    ])
  })
})

describe('tds dlq export', () => {
  it('prints a manifest and the letters, whose hash anybody can check', async () => {
    // Marks that steer a terminal, and one that ends a line elsewhere.
    await letter({ rate: 'x', name: 'a\u2028b\u202ec' })
    await letter()
    const { out, exitCode } = await world.run(['dlq', 'export', '--class', 'data'])
    const [first = '', ...lines] = out.split('\n').slice(0, -1)
    expect(exitCode).toBe(0)
    expect(JSON.parse(first)).toMatchObject({
      type: 'manifest',
      count: 2,
      bodies: false,
      filter: { classes: ['data'], statuses: ['open'] },
      sha256: createHash('sha256')
        .update(lines.map((line) => `${line}\n`).join(''))
        .digest('hex'),
    })
    expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([
      { type: 'dead_letter', code: 'bad_money', body: null },
      { type: 'dead_letter', body: null },
    ])
    const again = await world.run(['dlq', 'export', '--class', 'data'])
    expect(again.out.split('\n').slice(1)).toEqual([...lines, ''])
    expect((await world.db.query('SELECT 1 FROM tds_operator_actions')).rows).toEqual([])
  })

  it('gives bodies away only with --raw, to the byte, and writes down who took them', async () => {
    const { letterId } = await letter({ rate: 'x', name: 'a\u2028b\u202ec' })
    const { out } = await world.run(['dlq', 'export', '--raw', ...reason])
    expect(out).not.toMatch(/[\u2028\u202e]/)
    const [, line = ''] = out.split('\n')
    const { rows } = await world.db.query<{ body: string; action: string; actor: string; facts: string }>(
      `SELECT convert_from(e.raw_body, 'UTF8') AS body, a.action, a.actor, a.facts
         FROM tds_inbox_events e, tds_operator_actions a`,
    )
    expect(JSON.parse(line)).toMatchObject({ letterId, body: { encoding: 'utf8', text: rows[0]?.body } })
    expect(rows).toMatchObject([{ action: 'dead_letter.export', actor: 'amal' }])
    expect(JSON.parse(rows[0]?.facts ?? '')).toMatchObject({ letters: 1, filter: { statuses: ['open'] } })
  })

  it('refuses rather than leave some out', async () => {
    await letter()
    await letter()
    const run = await data(['dlq', 'export', '--limit', '1'])
    expect(run).toMatchObject({ exitCode: 6, error: { code: 'export_too_large' } })
    expect((await data(['dlq', 'export', '--limit', '2'])).data).toMatchObject({ manifest: { count: 2 } })
  })
})

describe('tds replay', () => {
  it('says beforehand what would happen, does it, and tells what became of each', async () => {
    const { recordId, letterId } = await letter()
    await letter({ rate: 'not a number', brand: 'Quay' })
    await mend()
    const preview = await data(['replay', '--class', 'data', '--dry-run'])
    expect(preview).toMatchObject({ exitCode: 0, dryRun: true, data: { operation: null, watched: null } })
    expect(preview.data).toMatchObject({
      preview: [{ letterId, predicted: 'applied' }, { predicted: 'applied' }],
    })
    expect((await world.db.query('SELECT 1 FROM tds_products')).rows).toEqual([])

    const done = await data(['replay', '--class', 'data', '--expect', '2', ...wait, ...reason], replaying())
    expect(done).toMatchObject({
      exitCode: 0,
      data: { watched: 'ended', operation: { status: 'completed', items: 2, outcomes: { applied: 2 } } },
    })
    const { rows } = await world.db.query('SELECT 1 FROM tds_products WHERE zoho_id = $1', [recordId])
    expect(rows).toHaveLength(1)
    const id = (done.data as { operation?: { operationId: string } }).operation?.operationId ?? ''
    expect((await data(['ops', 'show', id])).data).toMatchObject({
      items: [{ place: 1, letterId, predicted: 'applied', outcome: 'applied' }, { place: 2 }],
    })
    expect((await data(['ops', 'list', '--status', 'completed'])).data).toMatchObject({
      operations: [{ operationId: id, requestedBy: 'amal', reason: 'the rates were corrected' }],
    })
  })

  it('ends with 3 where some failed again', async () => {
    const bad = await letter()
    const preview = await data(['replay', bad.eventId, '--dry-run'])
    expect(preview.exitCode).toBe(3)
    const run = await world.run(['replay', bad.letterId, ...wait, ...reason], replaying())
    expect(run.exitCode).toBe(3)
    expect(run.out).toContain('1 of 1 done: 1 failed')
  })

  it('only asks where nobody waits, and warns that no worker is alive', async () => {
    const { letterId } = await letter()
    const asked = await data(['replay', letterId, ...reason])
    expect(asked).toMatchObject({
      exitCode: 0,
      data: { watched: null, operation: { status: 'running', waiting: 1 } },
      warnings: [{ code: 'no_worker' }],
    })
    const id = (asked.data as { operation?: { operationId: string } }).operation?.operationId ?? ''
    const late = await data(['ops', 'watch', id, '--wait-timeout', '3'], {
      clock: waitingClock(() => Promise.resolve()),
    })
    expect(late).toMatchObject({ exitCode: 7, warnings: [{ code: 'wait_timed_out' }] })
    const aborted = await data(['ops', 'abort', id, ...reason])
    expect(aborted.data).toMatchObject({ status: 'aborted', note: 'abort by amal: the rates were corrected' })
    expect((await data(['ops', 'abort', id, ...reason])).exitCode).toBe(6)
    expect((await data(['ops', 'resume', id, ...reason])).data).toMatchObject({ status: 'running' })
    expect((await data(['ops', 'watch', id], replaying())).data).toMatchObject({
      operation: { status: 'completed' },
    })
  })

  it('takes ids from standard input, as the list prints them', async () => {
    await letter()
    await mend()
    const ids = (await world.run(['dlq', 'list', '-o', 'id'])).out
    const stdin = Object.assign(Readable.from([ids]), { isTTY: false })
    expect((await data(['replay', '-', ...reason], { stdin })).data).toMatchObject({
      operation: { items: 1 },
    })
  })

  it.each([
    ['nothing', ['replay'], 2],
    ['two ways at once', ['replay', '--all', '--class', 'data', '--dry-run'], 2],
    ['many without the number', ['replay', '--class', 'data', ...reason], 2],
    ['a class that there is not', ['replay', '--class', 'bad', '--dry-run'], 2],
    ['a rate of nothing', ['replay', '--all', '--rate', '0', '--dry-run'], 2],
    ['an id that there is not', ['replay', '0b6f3c1e-52c4-4f0e-9a55-4d7c1c1f8a10', ...reason], 5],
    ['another number', ['replay', '--all', '--expect', '7', ...reason], 6],
    ['an operation that there is not', ['ops', 'show', '0b6f3c1e-52c4-4f0e-9a55-4d7c1c1f8a10'], 5],
    ['to assign to two', ['dlq', 'assign', '--all', '--to', 'amal', '--nobody', '--dry-run'], 2],
    ['to restore nothing', ['dlq', 'restore', ...reason], 2],
    ['statistics of no days', ['dlq', 'stats', '--days', '0'], 2],
    ['a letter that there is not', ['dlq', 'show', '0b6f3c1e-52c4-4f0e-9a55-4d7c1c1f8a10'], 5],
    ['an edit of nothing', ['dlq', 'edit', '0b6f3c1e-52c4-4f0e-9a55-4d7c1c1f8a10', ...reason], 2],
  ])('refuses %s', async (_what, args, exitCode) => {
    await letter()
    const run: Run = await world.run([...args, '--json'])
    expect(run.exitCode).toBe(exitCode)
    expect((await expectEnvelope(run)).error?.hint).toBeTruthy()
  })

  it('tells without JSON what a rehearsal found, by what would become of it', async () => {
    await letter()
    await letter()
    await mend()
    const { out } = await world.run(['replay', '--all', '--dry-run'])
    expect(out).toContain('2 dead letters are chosen.')
    expect(out).toContain('2\twould change their record\t')
  })
})

import { listItems, listOperations, openOperations } from '@tds/db'
import { product } from '../entities/product.ts'
import { createLettersWorld, operator, type LettersWorld } from '../testing/letters-world.ts'
import { testOrganization } from '../testing/sync-world.ts'
import { beginItems } from './begin-items.ts'
import { editLetter } from './edit-letter.ts'
import { steerOperation } from './steer-operation.ts'

let world: LettersWorld
let records = 0

beforeEach(async () => {
  world = await createLettersWorld()
})
afterEach(async () => {
  await world.drop()
})

function newId(): string {
  records += 1
  return `57391400000${String(1000000 + records)}`
}

function at(minute: number): string {
  return `2026-07-21T16:${String(minute).padStart(2, '0')}:00+0100`
}

async function operation(id: string | null) {
  const [found] = await listOperations(
    world.db,
    { organizationId: testOrganization, ids: [id ?? ''] },
    { limit: 1, after: null },
  )
  if (found === undefined) throw new Error('there is no such operation')
  return found
}

async function outcomes(id: string | null): Promise<(string | null)[]> {
  return (await listItems(world.db, id ?? '', { after: 0, limit: 1000 })).map((item) => item.outcome)
}

async function actions(): Promise<object[]> {
  const { rows } = await world.db.query(
    'SELECT actor, action, subject, reason FROM tds_operator_actions ORDER BY id',
  )
  return rows
}

describe('a replay', () => {
  it('processes the same inbox row again, settles its letter, and keeps who asked and why', async () => {
    const zohoId = newId()
    const event = await world.deliver(zohoId, { brand: 'Quay' })
    const letter = await world.giveUp(event, 'mapping')
    const { operationId, preview } = await world.request({ ids: [letter] })
    expect(preview).toMatchObject([{ predicted: 'applied', calls: 0, why: null }])
    expect(await world.row(product, zohoId)).toBeUndefined()
    await world.second()
    expect((await world.row(product, zohoId))?.['brand']).toBe('Quay')
    expect(await world.status(event)).toBe('applied')
    const note = `applied by operation ${operationId ?? ''}`
    expect(await world.find(letter)).toMatchObject({
      status: 'replayed',
      resolved_by: 'amal',
      resolution_notes: note,
    })
    expect(await operation(operationId)).toMatchObject({ status: 'completed', items: 1, done: 1 })
    expect(await actions()).toEqual([
      { actor: 'amal', action: 'dead_letter.replay', subject: operationId, reason: 'the cause is gone' },
    ])
    expect(await world.unconserved()).toEqual([])
  })

  it('only rehearsed says the same and leaves no trace', async () => {
    const letter = await world.letter(newId(), 'mapping')
    const { operationId, preview } = await world.request({ ids: [letter] }, { dryRun: true })
    expect(operationId).toBeNull()
    expect(preview).toMatchObject([{ letterId: letter, predicted: 'applied' }])
    const { rows } = await world.db.query(
      'SELECT (SELECT count(*) FROM tds_operations) + (SELECT count(*) FROM tds_products) + (SELECT count(*) FROM tds_audit_trail) + (SELECT count(*) FROM tds_operator_actions) AS traces',
    )
    expect(rows).toEqual([{ traces: '0' }])
    expect(await world.find(letter)).toMatchObject({ status: 'open' })
    expect(await world.unconserved()).toEqual([])
  })

  it('says beforehand which columns change, and never lets something older overwrite something newer', async () => {
    const zohoId = newId()
    await world.apply(zohoId, { brand: 'now', last_modified_time: at(10) })
    const older = await world.letter(zohoId, 'source', { brand: 'then', last_modified_time: at(5) })
    const newer = await world.letter(zohoId, 'data', { brand: 'soon', last_modified_time: at(20) })
    const { operationId, preview } = await world.request({ classes: ['source', 'data'] })
    expect(preview).toEqual([
      { letterId: older, predicted: 'stale', fields: [], calls: 0, why: null },
      { letterId: newer, predicted: 'applied', fields: ['brand'], calls: 0, why: null },
    ])
    await world.second()
    expect(await outcomes(operationId)).toEqual(['stale', 'applied'])
    expect((await world.row(product, zohoId))?.['brand']).toBe('soon')
    expect(await world.open()).toEqual([])
  })

  it('leaves out what is stale where that is wished, and its letter open', async () => {
    const zohoId = newId()
    await world.apply(zohoId, { last_modified_time: at(10) })
    const letter = await world.letter(zohoId, 'source', { last_modified_time: at(5) })
    const { operationId } = await world.request({ ids: [letter] }, { skipStale: true })
    await world.second()
    expect(await outcomes(operationId)).toEqual(['skipped'])
    expect(await world.find(letter)).toMatchObject({ status: 'open' })
  })

  it('that fails in the same way counts on the same letter, with one more attempt in the log', async () => {
    const event = await world.apply(newId(), { rate: 'not a number' })
    const [letter] = await world.open()
    const { operationId, preview } = await world.request({ ids: [event] })
    expect(preview).toMatchObject([
      { predicted: 'failed', why: expect.stringContaining('bad_money') as string },
    ])
    await world.second()
    expect(await outcomes(operationId)).toEqual(['failed'])
    expect(await world.open()).toMatchObject([
      { id: letter?.id, occurrences: 2, event_ids: [event], class: 'data' },
    ])
    const { rows } = await world.db.query(
      'SELECT outcome FROM tds_sync_logs WHERE event_id = $1 ORDER BY logged_at, id',
      [event],
    )
    expect(rows).toEqual([{ outcome: 'dead_letter' }, { outcome: 'requeued' }, { outcome: 'dead_letter' }])
    expect(await world.unconserved()).toEqual([])
  })

  it('that fails otherwise resolves the old letter and names the new one', async () => {
    const zohoId = newId()
    const old = await world.letter(zohoId, 'mapping', { rate: 'not a number' })
    const { operationId } = await world.request({ ids: [old] })
    await world.second()
    const [fresh] = await world.open()
    expect(fresh).toMatchObject({ class: 'data', error_code: 'bad_money' })
    expect(await world.find(old)).toMatchObject({
      status: 'resolved',
      resolution_notes: `failed otherwise in operation ${operationId ?? ''}: see dead letter ${fresh?.id ?? ''}`,
    })
  })

  it('of an event whose row the inbox has lost makes it again from the bytes of the letter', async () => {
    const zohoId = newId()
    const event = await world.deliver(zohoId, { brand: 'kept' })
    const letter = await world.giveUp(event, 'configuration')
    const before = await world.db.query('SELECT idempotency_key, raw_body, received_at FROM tds_inbox_events')
    await world.db.query('DELETE FROM tds_inbox_events')
    expect((await world.request({ ids: [letter] })).preview).toMatchObject([{ predicted: 'applied' }])
    await world.second()
    const after = await world.db.query('SELECT idempotency_key, raw_body, received_at FROM tds_inbox_events')
    expect(after.rows).toEqual(before.rows)
    expect((await world.row(product, zohoId))?.['brand']).toBe('kept')
    expect(await world.find(letter)).toMatchObject({ status: 'replayed' })
    expect(await world.unconserved()).toEqual([])
  })

  it('has all its attempts anew, so that a passing fault does not end it at once', async () => {
    const event = await world.deliver(newId(), { brand: 'Quay' })
    await world.db.query('UPDATE tds_inbox_events SET attempt_count = 2')
    const letter = await world.giveUp(event, 'exhausted')
    const { operationId } = await world.request({ ids: [letter] })
    await world.db.query(
      `CREATE FUNCTION fail_once() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no luck'; END $$;
       CREATE TRIGGER fail_once BEFORE INSERT ON tds_products FOR EACH ROW EXECUTE FUNCTION fail_once()`,
    )
    await world.second()
    expect(await world.status(event)).toBe('retry')
    await world.db.query('DROP TRIGGER fail_once ON tds_products')
    await world.passTime()
    await world.settle()
    await world.second()
    expect(await outcomes(operationId)).toEqual(['applied'])
    expect(await world.find(letter)).toMatchObject({ status: 'replayed' })
  })

  it('that asks Zoho is done when Zoho has answered', async () => {
    const zohoId = newId()
    await world.apply(zohoId, { last_modified_time: at(10) })
    const event = await world.receive({ entity: product, zohoId, body: {}, operation: 'delete' })
    const letter = await world.giveUp(event, 'source')
    const { operationId, preview } = await world.request({ ids: [letter] })
    expect(preview).toMatchObject([{ predicted: 'reread', calls: 1 }])
    await world.second()
    expect(await operation(operationId)).toMatchObject({ status: 'running', queued: 1 })
    await world.settle()
    await world.second()
    expect(await operation(operationId)).toMatchObject({ status: 'completed' })
    expect(await outcomes(operationId)).toEqual(['applied'])
    expect((await world.row(product, zohoId))?.['deleted_at']).not.toBeNull()
  })

  it('freezes its selection: what is given up later is not in it', async () => {
    await world.letter(newId(), 'mapping')
    const { operationId } = await world.request({ classes: ['mapping'] })
    const later = await world.letter(newId(), 'mapping')
    await world.second()
    expect(await operation(operationId)).toMatchObject({ items: 1, done: 1 })
    expect(await world.find(later)).toMatchObject({ status: 'open' })
  })

  it('refuses another number of letters than the one that was looked at', async () => {
    await world.letter(newId(), 'mapping')
    await expect(world.request({ classes: ['mapping'] }, { expected: 2 })).rejects.toMatchObject({
      code: 'selection_differs',
      facts: { expected: 2, found: 1 },
    })
  })

  it('begins no more in a second than its rate, one record at a time and the oldest first', async () => {
    const zohoIds = [newId(), newId(), newId()]
    for (const zohoId of zohoIds) await world.letter(zohoId, 'source')
    const { operationId } = await world.request({ classes: ['source'] }, { ratePerSecond: 2 })
    expect(await world.second()).toMatchObject({ begun: 2, outcomes: ['applied', 'applied'] })
    expect(await operation(operationId)).toMatchObject({ status: 'running', done: 2, waiting: 1 })
    expect(
      await Promise.all(zohoIds.map(async (id) => (await world.row(product, id)) !== undefined)),
    ).toEqual([true, true, false])
    expect(await world.second()).toMatchObject({ begun: 1 })
  })

  it('steps back to one a second while live deliveries wait', async () => {
    for (let index = 0; index < 5; index += 1) await world.letter(newId(), 'source')
    await world.request({ classes: ['source'] })
    await world.deliver(newId())
    await world.db.query(
      `UPDATE tds_inbox_events SET received_at = tds_now() - interval '3 seconds' WHERE status = 'pending'`,
    )
    expect(await world.second()).toMatchObject({ begun: 1 })
    await world.settle()
    expect(await world.second()).toMatchObject({ begun: 4 })
  })

  it('stops by itself when too much fails, and goes on where it stood when a person resumes it', async () => {
    for (let index = 0; index < 60; index += 1) await world.apply(newId(), { rate: 'not a number' })
    const { operationId } = await world.request({ classes: ['data'] }, { stopOnErrorPercent: 20 })
    await world.second()
    expect(await operation(operationId)).toMatchObject({
      status: 'stopped',
      status_note: '50 of 50 failed, which is 20 % or more',
      done: 50,
      waiting: 10,
    })
    expect(await world.second()).toEqual({ open: 0, begun: 0, outcomes: [] })
    const steered = { organizationId: testOrganization, operationId: operationId ?? '' }
    await steerOperation(world.db, { ...steered, step: 'resume' }, operator)
    await world.second()
    const { status, done, outcomes: said } = await operation(operationId)
    expect({ status, done, said }).toEqual({ status: 'completed', done: 60, said: '{"failed": 60}' })
  })

  it('begins nothing after an abort has answered, and adds up all the same', async () => {
    for (let index = 0; index < 3; index += 1) await world.letter(newId(), 'source')
    const { operationId } = await world.request({ classes: ['source'] }, { ratePerSecond: 1 })
    await world.second()
    const steered = { organizationId: testOrganization, operationId: operationId ?? '' }
    const aborted = await steerOperation(world.db, { ...steered, step: 'abort' }, operator)
    expect(aborted).toMatchObject({ status: 'aborted', items: 3, done: 1, waiting: 2, queued: 0 })
    expect(await world.second()).toMatchObject({ begun: 0 })
    await expect(steerOperation(world.db, { ...steered, step: 'abort' }, operator)).rejects.toMatchObject({
      code: 'operation_not_open',
    })
  })

  it('asked for twice at once is done once; the other one says that somebody was faster', async () => {
    const zohoId = newId()
    const letter = await world.letter(zohoId, 'mapping')
    const first = await world.request({ ids: [letter] })
    const second = await world.request({ ids: [letter] })
    await Promise.all([world.second(), world.second()])
    await world.second()
    const all = [...(await outcomes(first.operationId)), ...(await outcomes(second.operationId))].sort()
    expect(all).toContain('applied')
    expect(all.filter((outcome) => outcome !== 'applied')).toMatchObject([
      expect.stringMatching(/settled|busy/),
    ])
    expect(await world.audit(zohoId)).toHaveLength(1)
    expect(await world.unconserved()).toEqual([])
  })

  it('leaves alone what somebody else is processing just now', async () => {
    const event = await world.deliver(newId())
    const letter = await world.giveUp(event, 'mapping')
    const { operationId } = await world.request({ ids: [letter] })
    await world.db.query(`UPDATE tds_inbox_events SET status = 'pending', processed_at = NULL`)
    await world.second()
    expect(await outcomes(operationId)).toEqual(['busy'])
    expect(await world.find(letter)).toMatchObject({ status: 'open' })
  })

  it('settles a letter whose event has ended well without anybody writing it down', async () => {
    const event = await world.deliver(newId())
    const letter = await world.giveUp(event, 'mapping')
    const { operationId } = await world.request({ ids: [letter] })
    await world.db.query(`UPDATE tds_inbox_events SET status = 'applied'`)
    await world.second()
    expect(await outcomes(operationId)).toEqual(['settled'])
    expect(await world.find(letter)).toMatchObject({
      status: 'replayed',
      resolution_notes: 'its event is applied already',
    })
  })

  it('begins nothing where the abort came after its worker had looked', async () => {
    const letter = await world.letter(newId(), 'mapping')
    const { operationId } = await world.request({ ids: [letter] })
    const [looked] = await openOperations(world.db)
    if (looked === undefined) throw new Error('the operation is open')
    const steered = { organizationId: testOrganization, operationId: operationId ?? '' }
    await steerOperation(world.db, { ...steered, step: 'abort' }, operator)
    const parts = { ...world.parts, lease: { guard: () => Promise.resolve() } }
    expect(await beginItems(parts, looked, 10)).toEqual([])
    expect(await operation(operationId)).toMatchObject({ status: 'aborted', waiting: 1 })
  })

  it('goes on after a worker died between giving an item to itself and processing it', async () => {
    const zohoId = newId()
    const letter = await world.letter(zohoId, 'mapping')
    const { operationId } = await world.request({ ids: [letter] })
    const dying = {
      ...world.parts,
      lease: { guard: () => Promise.resolve() },
      signal: new AbortController().signal,
      pace: { take: () => 10 },
    }
    const { performReplays } = await import('./perform-replays.ts')
    const died = new Error('killed')
    await expect(performReplays({ ...dying, together: () => Promise.reject(died) })).rejects.toBe(died)
    expect(await operation(operationId)).toMatchObject({ status: 'running', queued: 1 })
    await world.settle()
    await world.second()
    expect(await operation(operationId)).toMatchObject({ status: 'completed' })
    expect(await outcomes(operationId)).toEqual(['applied'])
    expect(await world.unconserved()).toEqual([])
  })

  it('keeps a letter open under which another event has died meanwhile', async () => {
    const zohoId = newId()
    const letter = await world.letter(zohoId, 'mapping')
    await world.request({ ids: [letter] })
    const { performReplays } = await import('./perform-replays.ts')
    const parts = {
      ...world.parts,
      lease: { guard: () => Promise.resolve() },
      signal: new AbortController().signal,
      pace: { take: () => 10 },
    }
    await performReplays({
      ...parts,
      together: async (work) => {
        const done = await work()
        await world.letter(zohoId, 'mapping', { last_modified_time: '2026-08-01T10:00:00+0000' })
        return done
      },
    })
    expect(await world.find(letter)).toMatchObject({ status: 'open', occurrences: 2 })
  })
})

describe('discarding', () => {
  it('ends letter and events with a reason, and applies nothing', async () => {
    const zohoId = newId()
    const event = await world.deliver(zohoId)
    const letter = await world.giveUp(event, 'data')
    expect(await world.discard([letter])).toEqual([
      { letterId: letter, outcome: 'discarded', events: 1, detail: null },
    ])
    expect(await world.status(event)).toBe('discarded')
    expect(await world.find(letter)).toMatchObject({
      status: 'discarded',
      resolution_notes: 'nothing for us',
    })
    expect(await actions()).toMatchObject([{ action: 'dead_letter.discard', subject: letter }])
    expect(await world.row(product, zohoId)).toBeUndefined()
    expect(await world.unconserved()).toEqual([])
    expect(await world.discard([letter])).toMatchObject([{ outcome: 'settled' }])
  })

  it('waits for nobody: what is being replayed is busy', async () => {
    const event = await world.deliver(newId())
    const letter = await world.giveUp(event, 'data')
    await world.db.query(`UPDATE tds_inbox_events SET status = 'pending', processed_at = NULL`)
    expect(await world.discard([letter])).toMatchObject([{ outcome: 'busy', events: 0 }])
  })
})

describe('editing', () => {
  const reading = {
    operation: 'update' as const,
    sourceVersion: null,
    contentHash: 'edited',
    flags: [],
  }

  it('makes a revision beside the original, which stays as it came and ends as superseded', async () => {
    const zohoId = newId()
    const event = await world.apply(zohoId, { rate: 'not a number' })
    const [letter] = await world.open()
    const payload = Buffer.from(JSON.stringify({ item: { item_id: zohoId } }))
    const parts = {
      ...world.parts,
      organizationId: testOrganization,
      read: ({ rawBody }: { rawBody: Buffer }) => ({
        ...reading,
        usable: true as const,
        sourceEntityId: zohoId,
        payloadText: rawBody.toString(),
      }),
    }
    const before = await world.db.query('SELECT raw_body FROM tds_dead_letter_queue')
    const done = await editLetter(parts, { letterId: letter?.id ?? '', payload }, operator)
    const { rows } = await world.db.query(
      `SELECT id, status, replay_of, source_type FROM tds_inbox_events ORDER BY received_at`,
    )
    expect(rows).toEqual([
      { id: event, status: 'discarded', replay_of: null, source_type: 'zoho' },
      { id: done.eventId, status: 'pending', replay_of: event, source_type: 'manual' },
    ])
    expect(await world.find(letter?.id ?? '')).toMatchObject({
      status: 'resolved',
      resolution_notes: `superseded by event ${done.eventId}: the cause is gone`,
    })
    expect((await world.db.query('SELECT raw_body FROM tds_dead_letter_queue')).rows).toEqual(before.rows)
    expect(await world.unconserved()).toEqual([])
    await expect(editLetter(parts, { letterId: letter?.id ?? '', payload }, operator)).rejects.toMatchObject({
      code: 'dead_letter_settled',
    })
  })
})

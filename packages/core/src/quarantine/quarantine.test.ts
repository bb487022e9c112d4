import { randomUUID } from 'node:crypto'
import type { Database } from '@tds/db'
import { createTestDatabase, type TestDatabase } from '@tds/db/testing'
import { createQueue, type Queue } from '@tds/queue'
import { product } from '../entities/product.ts'
import { eventId, unusableKey } from '../inbox/idempotency-key.ts'
import type { IncomingEvent } from '../inbox/incoming-event.ts'
import { createIntake } from '../inbox/intake.ts'
import { processEvents } from '../inbox/process-events.ts'
import { sweepInbox } from '../inbox/sweep.ts'
import { exactStringify, sha256Hex } from '../json/index.ts'
import { exampleRecord, testOrganization, wrapped } from '../testing/sync-world.ts'
import { correctQuarantined } from './correct.ts'
import type { Correction } from './corrected-event.ts'
import { discardQuarantined } from './discard.ts'
import type { DeliveryToRead, UnusableReading, UsableReading } from './read-again.ts'
import { redriveEvents, type RedriveParts } from './redrive.ts'

describe('the quarantine', () => {
  let database: TestDatabase
  let db: Database
  let queue: Queue

  beforeEach(async () => {
    database = await createTestDatabase({ poolSize: 6 })
    db = database.db
    queue = createQueue({ db, role: 'sender' })
    await queue.start()
  })

  afterEach(async () => {
    await queue.stop()
    await database.drop()
  })

  function parts(o: Partial<RedriveParts> = {}): RedriveParts {
    const mover = { daemonId: randomUUID(), lane: 0 }
    return { db, queue, mover, organizationId: testOrganization, read: readProduct, ...o }
  }

  const bookkeeper = { actor: 'amal', reason: 'the sender was mended', dryRun: false, via: 'test' }

  /** Puts unusable deliveries into the inbox by the way that all take. */
  async function quarantine(body: string, o: Partial<IncomingEvent> = {}): Promise<string> {
    const rawBody = Buffer.from(body)
    const organizationId = o.organizationId ?? testOrganization
    const idempotencyKey = unusableKey({ organizationId, rawBody })
    const intake = createIntake({ db, queue, daemonId: randomUUID() })
    await intake.start()
    const answer = await intake.accept({
      id: eventId(idempotencyKey),
      organizationId,
      sourceType: 'zoho',
      entityType: 'product',
      sourceEntityId: null,
      operation: 'update',
      idempotencyKey,
      foldKey: null,
      contentHash: sha256Hex(rawBody),
      sourceVersion: null,
      rawBody,
      payload: null,
      headers: { 'content-type': 'application/json' },
      remoteAddress: '10.0.0.1',
      signatureVerified: true,
      status: 'quarantined',
      errorCode: 'no_id',
      errorMessage: 'The body has no id.',
      flags: [],
      requestId: null,
      ...o,
    })
    await intake.stop()
    return answer.eventId
  }

  const usable = (changes: Parameters<typeof exampleRecord>[2] = {}): string =>
    exactStringify(wrapped(product, exampleRecord(product, 'detail', changes)))

  async function eventOf(id: string): Promise<Record<string, unknown>> {
    const { rows } = await db.query('SELECT * FROM tds_inbox_events WHERE id = $1', [id])
    return rows[0] ?? {}
  }

  async function jobsFor(id: string): Promise<number> {
    const { rows } = await db.query<{ n: number }>(
      `SELECT count(*)::int AS n FROM pgboss.job WHERE name = 'apply-events' AND data->'eventIds' ? $1`,
      [id],
    )
    return rows[0]?.n ?? -1
  }

  async function actions(): Promise<Record<string, unknown>[]> {
    const { rows } = await db.query(
      'SELECT actor, action, subject, reason FROM tds_operator_actions ORDER BY id',
    )
    return rows
  }

  async function expectConserved(): Promise<void> {
    expect((await db.query('SELECT * FROM tds_v_conservation WHERE difference <> 0')).rows).toEqual([])
  }

  async function apply(id: string): Promise<void> {
    const { db: _, ...rest } = parts()
    await processEvents({ ...rest, db, retry: () => ({ maxAttempts: 1, baseMs: 1, maxMs: 1 }) }, [id])
  }

  describe('redriving', () => {
    it('gives the same row to the worker, with what is understood of it today, its job and who asked', async () => {
      const id = await quarantine(usable())
      const [result] = await redriveEvents(parts(), [id], bookkeeper)
      expect(result).toEqual({
        eventId: id,
        outcome: 'requeued',
        entityType: 'product',
        sourceEntityId: '460122000000101014',
        operation: 'update',
        reason: null,
        detail: null,
      })
      expect(await eventOf(id)).toMatchObject({
        status: 'pending',
        source_entity_id: '460122000000101014',
        error_code: null,
        replay_of: null,
      })
      expect(await jobsFor(id)).toBe(1)
      expect(await actions()).toEqual([
        { actor: 'amal', action: 'quarantine.redrive', subject: id, reason: 'the sender was mended' },
      ])
      await expectConserved()
      await apply(id)
      expect(await eventOf(id)).toMatchObject({ status: 'applied' })
      await expectConserved()
    })

    it('leaves what is still unusable as it is, says why, and goes on with the others', async () => {
      const bad = await quarantine('{}')
      const good = await quarantine(usable())
      const results = await redriveEvents(parts(), [bad, good, bad], bookkeeper)
      expect(results).toMatchObject([
        { eventId: bad, outcome: 'still_unusable', reason: 'no_id', detail: 'no id in it' },
        { eventId: good, outcome: 'requeued' },
      ])
      expect(await eventOf(bad)).toMatchObject({ status: 'quarantined', error_code: 'no_id' })
      expect(await actions()).toHaveLength(1)
      await expectConserved()
    })

    it('says what would happen and changes nothing when it is a rehearsal', async () => {
      const id = await quarantine(usable())
      const before = await eventOf(id)
      const [result] = await redriveEvents(parts(), [id], { ...bookkeeper, dryRun: true })
      expect(result).toMatchObject({ outcome: 'requeued', sourceEntityId: '460122000000101014' })
      expect(await eventOf(id)).toEqual(before)
      expect([await jobsFor(id), await actions()]).toEqual([0, []])
      await expectConserved()
    })

    it('lets exactly one of two people win and tells the other who it was', async () => {
      const id = await quarantine(usable())
      const both = await Promise.all([
        redriveEvents(parts(), [id], bookkeeper),
        redriveEvents(parts(), [id], { ...bookkeeper, actor: 'basim' }),
      ])
      const results = both.flat()
      expect(results.map((result) => result.outcome).sort()).toEqual(['requeued', 'settled'])
      const [winner] = await actions()
      expect(results.find((result) => result.outcome === 'settled')?.detail).toContain(
        `quarantine.redrive by ${String(winner?.['actor'])}`,
      )
      expect(await jobsFor(id)).toBe(1)
      await expectConserved()
    })

    it('accepts a delivery for another organisation only when that one is ours now', async () => {
      const id = await quarantine(usable(), { organizationId: '999', errorCode: 'organization' })
      expect(await redriveEvents(parts(), [id], bookkeeper)).toMatchObject([
        { outcome: 'still_unusable', reason: 'organization' },
      ])
      const ours = parts({ organizationId: '999' })
      expect(await redriveEvents(ours, [id], bookkeeper)).toMatchObject([{ outcome: 'requeued' }])
    })

    it('does not guess whose record it is where the address named an organisation that is none', async () => {
      const id = await quarantine(usable(), { errorCode: 'organization', flags: ['organization_unclear'] })
      expect(await redriveEvents(parts(), [id], bookkeeper)).toMatchObject([
        {
          outcome: 'still_unusable',
          reason: 'organization',
          detail: expect.stringContaining('correct the event'),
        },
      ])
    })

    it('keeps a delivery of a type that this build does not know', async () => {
      await db.query(`ALTER TYPE tds_entity_type ADD VALUE 'warehouse'`)
      const id = await quarantine(usable(), { entityType: 'warehouse' })
      expect(await redriveEvents(parts(), [id], bookkeeper)).toMatchObject([
        { outcome: 'still_unusable', reason: 'unsupported', detail: expect.stringContaining('warehouse') },
      ])
    })

    it('keeps what Postgres refuses, whatever was understood of it', async () => {
      const id = await quarantine(usable())
      const read = (delivery: DeliveryToRead) => ({
        ...readProduct(delivery),
        payloadText: '{"a": "\\u0000"}',
      })
      expect(await redriveEvents(parts({ read }), [id], bookkeeper)).toMatchObject([
        { outcome: 'still_unusable', reason: 'unstorable' },
      ])
      expect(await eventOf(id)).toMatchObject({ status: 'quarantined' })
      await expectConserved()
    })

    it('tells of an id that nothing has', async () => {
      const id = randomUUID()
      expect(await redriveEvents(parts(), [id], bookkeeper)).toMatchObject([{ outcome: 'not_found' }])
    })
  })

  describe('correcting', () => {
    const correct = (eventId: string, correction: Correction, dryRun = false) =>
      correctQuarantined(parts(), { eventId, correction }, { ...bookkeeper, dryRun })

    it('makes a new event that names the original, and discards the original', async () => {
      const id = await quarantine('{"product": ')
      const result = await correct(id, { payload: Buffer.from(usable()) })
      expect(result).toMatchObject({ corrected: id, sourceEntityId: '460122000000101014', asksZoho: false })
      expect(await eventOf(result.eventId)).toMatchObject({
        status: 'pending',
        replay_of: id,
        source_type: 'manual',
        signature_verified: false,
      })
      expect(await eventOf(id)).toMatchObject({ status: 'discarded', error_code: 'no_id' })
      expect([await jobsFor(result.eventId), await jobsFor(id)]).toEqual([1, 0])
      expect(await actions()).toMatchObject([{ action: 'quarantine.correct', subject: id, actor: 'amal' }])
      await expectConserved()
      await apply(result.eventId)
      expect(await eventOf(result.eventId)).toMatchObject({ status: 'applied' })
      const { rows } = await db.query('SELECT cause, event_id FROM tds_audit_trail')
      expect(rows).toEqual([{ cause: 'replay', event_id: result.eventId }])
      await expectConserved()
    })

    it('keeps the bytes of both', async () => {
      const id = await quarantine('{"product": ')
      const payload = Buffer.from(usable())
      const { eventId: made } = await correct(id, { payload })
      expect((await eventOf(made))['raw_body']).toEqual(payload)
      expect((await eventOf(id))['raw_body']).toEqual(Buffer.from('{"product": '))
    })

    it('asks Zoho for the record where only its id is given', async () => {
      const id = await quarantine('not even JSON')
      const result = await correct(id, { zohoId: '460122000000101014' })
      expect(result).toMatchObject({ asksZoho: true, sourceEntityId: '460122000000101014' })
      await apply(result.eventId)
      expect(await eventOf(result.eventId)).toMatchObject({ status: 'processing', awaiting_read: true })
      await expectConserved()
    })

    it.each<[string, Correction, string]>([
      ['a payload that cannot be used', { payload: Buffer.from('{}') }, 'no id in it'],
      ['an id that the payload contradicts', { payload: Buffer.from(usable()), zohoId: '1' }, 'another id'],
      ['a type that nothing is', { entityType: 'warehouse' }, 'does not know the type'],
      ['nothing but the bytes that were refused before', {}, 'no id in it'],
    ])('refuses %s and leaves the original where it was', async (_, correction, because) => {
      const id = await quarantine('{}')
      await expect(correct(id, correction)).rejects.toMatchObject({
        code: 'correction_unusable',
        message: expect.stringContaining(because),
      })
      expect(await eventOf(id)).toMatchObject({ status: 'quarantined' })
      expect(await actions()).toEqual([])
      await expectConserved()
    })

    it('says what would be made and makes nothing when it is a rehearsal', async () => {
      const id = await quarantine('{}')
      const result = await correct(id, { zohoId: '7' }, true)
      expect(result).toMatchObject({ sourceEntityId: '7', asksZoho: true })
      expect(await eventOf(result.eventId)).toEqual({})
      expect(await eventOf(id)).toMatchObject({ status: 'quarantined' })
      await expectConserved()
    })

    it('never lets an old payload overwrite what is newer', async () => {
      const newer = await quarantine(usable({ last_modified_time: '2026-11-20T10:00:00+0000', name: 'new' }))
      await redriveEvents(parts(), [newer], bookkeeper)
      await apply(newer)
      const id = await quarantine('{}')
      const old = usable({ last_modified_time: '2026-11-19T10:00:00+0000', name: 'old' })
      const { eventId: made } = await correct(id, { payload: Buffer.from(old) })
      await apply(made)
      expect(await eventOf(made)).toMatchObject({ status: 'stale' })
      expect((await db.query('SELECT name FROM tds_products')).rows).toEqual([{ name: 'new' }])
    })

    it('lets one of two corrections win, and makes one event', async () => {
      const id = await quarantine('{}')
      const both = await Promise.allSettled([correct(id, { zohoId: '7' }), correct(id, { zohoId: '8' })])
      expect(both.map((one) => one.status).sort()).toEqual(['fulfilled', 'rejected'])
      const refusals = both.flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : []))
      expect(refusals).toMatchObject([{ code: 'event_settled' }])
      const { rows } = await db.query('SELECT FROM tds_inbox_events WHERE replay_of = $1', [id])
      expect(rows).toHaveLength(1)
      await expectConserved()
    })
  })

  describe('discarding', () => {
    it('ends the event with a reason, and applies nothing', async () => {
      const id = await quarantine('{}')
      expect(
        await discardQuarantined(parts(), id, { ...bookkeeper, reason: 'a test of the sender' }),
      ).toEqual({
        eventId: id,
        reason: 'no_id',
      })
      expect(await eventOf(id)).toMatchObject({ status: 'discarded', error_message: 'The body has no id.' })
      expect(await actions()).toEqual([
        { actor: 'amal', action: 'quarantine.discard', subject: id, reason: 'a test of the sender' },
      ])
      const { rows } = await db.query('SELECT outcome, detail FROM tds_sync_logs WHERE event_id = $1', [id])
      expect(rows).toEqual([{ outcome: 'discarded', detail: '{"why": "a test of the sender"}' }])
      await expectConserved()
    })

    it('refuses what is not in quarantine', async () => {
      const id = await quarantine(usable())
      await redriveEvents(parts(), [id], bookkeeper)
      await expect(discardQuarantined(parts(), id, bookkeeper)).rejects.toMatchObject({
        code: 'event_settled',
        message: expect.stringContaining('pending: quarantine.redrive by amal'),
      })
    })

    it('does not swallow the same bytes when they come again: they are in quarantine again', async () => {
      const id = await quarantine('')
      await discardQuarantined(parts(), id, bookkeeper)
      const sweep = (): Promise<Record<string, number>> => sweepInbox(parts())
      expect(await sweep()).toMatchObject({ reopened: 0 })
      expect(await quarantine('')).toBe(id)
      expect(await sweep()).toMatchObject({ reopened: 1 })
      expect(await eventOf(id)).toMatchObject({
        status: 'quarantined',
        duplicate_count: 1,
        processed_at: null,
      })
      await expectConserved()
      await discardQuarantined(parts(), id, bookkeeper)
      expect(await sweep()).toMatchObject({ reopened: 0 })
      await expectConserved()
    })
  })
})

/** Stands in for the reader of Zoho's envelopes, which is tested with the commands. */
function readProduct({ rawBody, entity, action }: DeliveryToRead): UsableReading | UnusableReading {
  try {
    const body = JSON.parse(rawBody.toString()) as Record<string, Record<string, string> & string>
    const record = body[entity.source.wrapper]
    const id = record?.[entity.source.id] ?? body['id']
    if (id === undefined) return { usable: false, reason: 'no_id', detail: 'no id in it' }
    const time = record?.['last_modified_time']
    return {
      usable: true,
      operation: action === 'deleted' ? 'delete' : 'update',
      sourceEntityId: id,
      sourceVersion: time === undefined ? null : new Date(time.replace(/(\d\d)(\d\d)$/, '$1:$2')),
      payloadText: rawBody.toString(),
      contentHash: sha256Hex(rawBody),
      flags: [],
    }
  } catch {
    return { usable: false, reason: 'not_json', detail: 'no JSON' }
  }
}

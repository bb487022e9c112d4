import { ExactNumber, parseExactText, type ExactJson, type ExactObject } from '../json/index.ts'
import { applyChanges } from '../sync/apply-changes.ts'
import type { ChangeOrigin, Decision } from '../sync/change.ts'
import { databaseNow } from '../sync/database-now.ts'
import {
  createSyncWorld,
  exampleRecord,
  testOrganization,
  wrapped,
  type SyncWorld,
} from '../testing/sync-world.ts'
import type { ColumnDefinition, ColumnKind, EntityDefinition } from './define-entity.ts'
import { entities } from './index.ts'
import { mapRecord } from './map-record.ts'

/** What a text that is no value comes to in each kind; text itself takes anything. */
const refusals: Partial<Record<ColumnKind, string>> = {
  decimal: 'bad_money',
  discount: 'bad_money',
  integer: 'bad_integer',
  date: 'bad_date',
  boolean: 'bad_boolean',
  json: 'bad_object',
  address: 'bad_object',
}

/**
 * What is true of one type is true of every type: this suite runs over the registry, so that a new definition is proved
 * the moment it is registered.
 */
describe.each(entities.map((entity) => [entity.type, entity] as const))('the entity %s', (_type, entity) => {
  let world: SyncWorld
  let records = 0
  // One database for the type, one record of its own for each claim.
  let id = ''

  beforeAll(async () => {
    world = await createSyncWorld()
  })
  beforeEach(async () => {
    records += 1
    id = `${idOf(entity)}${String(records)}`
    world.source.fail(null)
    // Of a type with so few rows one deletion an hour is done, and several claims delete.
    await world.passDeletionHour()
  })
  afterAll(async () => {
    await world.drop()
  })

  it('parses its example detail into a complete record', () => {
    const mapped = mapRecord(entity, exampleRecord(entity, 'detail'), 'detail')
    expect(mapped.completeness).toBe('complete')
    for (const column of entity.columns.filter((one) => one.required)) {
      expect(mapped.columns[column.name]).toEqual(expect.any(String))
    }
  })

  it('reads in its list row only what lists tell truly, and the same as in the detail', () => {
    const detail = mapRecord(entity, exampleRecord(entity, 'detail'), 'detail')
    const row = mapRecord(entity, parseExactText(entity.example.listRow).value as ExactObject, 'list')
    expect(row.customFields).toBeUndefined()
    expect(row.children).toEqual({})
    for (const [name, value] of Object.entries(row.columns)) expect(value).toBe(detail.columns[name])
  })

  it('creates its row, with lines and an audit entry that says why', async () => {
    const record = fullRecord(entity)
    const eventId = await receive(record)
    expect(await world.status(eventId)).toBe('applied')
    const row = await world.row(entity, id)
    expect(row?.['content_hash']).toMatch(/^[0-9a-f]{64}$/)
    expect(row?.['completed_version']).toBe(row?.['source_modified_at'])
    expect(await world.children(entity, id)).toHaveLength(childCount(entity, record))
    const [entry, ...more] = await world.audit(id)
    expect(more).toEqual([])
    expect(entry).toMatchObject({ operation: 'created', cause: 'webhook', event_id: eventId, before: null })
  })

  it('is unchanged when the same comes twice', async () => {
    await receive(fullRecord(entity))
    const again = await receive(fullRecord(entity))
    expect(await world.status(again)).toBe('unchanged')
    expect(await world.audit(id)).toHaveLength(1)
  })

  it('is updated by a newer version, with before, after and the changed field in the audit entry', async () => {
    await receive(fullRecord(entity))
    const column = textColumn(entity)
    await receive(fullRecord(entity, 1, { [keyOf(column)]: 'changed by the test' }))
    expect((await world.row(entity, id))?.[column.name]).toBe('changed by the test')
    const entry = (await world.audit(id))[1]
    expect(entry).toMatchObject({ operation: 'updated', changed_fields: [column.name] })
    expect(JSON.parse(entry?.after ?? '{}')).toMatchObject({ [column.name]: 'changed by the test' })
    expect(JSON.parse(entry?.before ?? '{}')).not.toMatchObject({ [column.name]: 'changed by the test' })
  })

  it('keeps the newer version when an older event arrives late', async () => {
    const column = textColumn(entity)
    await receive(fullRecord(entity, 2, { [keyOf(column)]: 'newest' }))
    const late = await receive(fullRecord(entity, 1, { [keyOf(column)]: 'older' }))
    expect(await world.status(late)).toBe('stale')
    expect((await world.row(entity, id))?.[column.name]).toBe('newest')
    expect(await world.audit(id)).toHaveLength(1)
  })

  it('applies several versions of one batch as if one after the other', async () => {
    const column = textColumn(entity)
    const ids = [
      await put(fullRecord(entity, 1, { [keyOf(column)]: 'first' })),
      await put(fullRecord(entity, 3, { [keyOf(column)]: 'third' })),
      await put(fullRecord(entity, 2, { [keyOf(column)]: 'second' })),
    ]
    await world.settle()
    expect(await Promise.all(ids.map((one) => world.status(one)))).toEqual(['applied', 'applied', 'stale'])
    expect((await world.row(entity, id))?.[column.name]).toBe('third')
    expect(await world.audit(id)).toHaveLength(2)
  })

  it('lets the source decide a tie of versions', async () => {
    const column = textColumn(entity)
    const before = world.source.reads()
    await receive(fullRecord(entity, 1, { [keyOf(column)]: 'one' }))
    world.source.hold(id, answer(entity, 1, { [keyOf(column)]: 'two' }))
    const tie = await receive(fullRecord(entity, 1, { [keyOf(column)]: 'two' }))
    expect(await world.status(tie)).toBe('applied')
    expect((await world.row(entity, id))?.[column.name]).toBe('two')
    expect(world.source.reads()).toBe(before + 1)
  })

  it('re-reads the record for a thin body', async () => {
    world.source.hold(id, answer(entity))
    const thin = Object.create(null) as ExactObject
    thin['entity'] = entity.source.wrapper
    thin['event'] = 'updated'
    thin['id'] = id
    const eventId = await world.receive({ entity, zohoId: id, body: thin })
    await world.settle()
    expect(await world.status(eventId)).toBe('applied')
    expect(await world.row(entity, id)).toBeDefined()
  })

  it('asks the source about a body without a version, applies the answer and knows the row completely', async () => {
    const column = textColumn(entity)
    world.source.hold(id, answer(entity, 0, { [keyOf(column)]: 'from the source' }))
    const eventId = await receive(versionless(entity, { [keyOf(column)]: 'from the webhook' }))
    expect(await world.status(eventId)).toBe('applied')
    const row = await world.row(entity, id)
    expect(row?.[column.name]).toBe('from the source')
    expect(row?.['completed_version']).toEqual(row?.['source_modified_at'] ?? expect.any(String))
    expect(await owedReads()).toEqual([])
    expect(await world.audit(id)).toMatchObject([{ operation: 'created', cause: 'webhook' }])
  })

  it('is updated or unchanged by what a body without a version makes it read, after a second look', async () => {
    const column = textColumn(entity)
    world.source.hold(id, answer(entity, 0, { [keyOf(column)]: 'first' }))
    await receive(versionless(entity))
    const nothingNew = await receive(versionless(entity))
    expect(await world.status(nothingNew)).toBe('retry')
    await world.passTime()
    await world.settle()
    expect(await world.status(nothingNew)).toBe('unchanged')
    world.source.hold(id, answer(entity, 1, { [keyOf(column)]: 'second' }))
    const changing = await receive(versionless(entity))
    expect(await world.status(changing)).toBe('applied')
    expect((await world.row(entity, id))?.[column.name]).toBe('second')
    expect((await world.audit(id)).at(-1)).toMatchObject({
      operation: 'updated',
      changed_fields: [column.name],
    })
  })

  it('keeps the version that a list row or a webhook told when a detail without one follows', async () => {
    await receive(fullRecord(entity))
    const before = await world.row(entity, id)
    const column = textColumn(entity)
    const detail = answer(entity, 0, { last_modified_time: undefined, [keyOf(column)]: 'detail' })
    expect(await look('detail', detail)).toMatchObject({ outcome: 'updated' })
    const after = await world.row(entity, id)
    expect(after).toMatchObject({
      [column.name]: 'detail',
      source_modified_at: before?.['source_modified_at'],
      completed_version: before?.['source_modified_at'],
    })
  })

  it('takes from a list row what lists tell, and owes one read for the rest', async () => {
    const row = { ...(parseExactText(entity.example.listRow).value as ExactObject) }
    expect(await look('list', row)).toMatchObject({ outcome: 'created' })
    const stored = await world.row(entity, id)
    const listed = entity.columns.filter((column) => column.inList && row[keyOf(column)] !== '')
    expect(listed.length).toBeGreaterThan(0)
    for (const column of listed) expect(stored?.[column.name]).not.toBeNull()
    expect(stored?.['completed_version']).toBeNull()
    expect(await world.children(entity, id)).toEqual([])
  })

  it('is not taken back by a read that was sent before what is stored was seen', async () => {
    const column = textColumn(entity)
    await look('detail', answer(entity, 0, { [keyOf(column)]: 'seen later' }))
    const early = answer(entity, 0, { [keyOf(column)]: 'seen earlier' })
    expect(await look('detail', early, -60)).toMatchObject({ outcome: 'stale' })
    expect((await world.row(entity, id))?.[column.name]).toBe('seen later')
  })

  it('applies what a partial body carries at once and completes the row by one read', async () => {
    const column = textColumn(entity)
    const before = world.source.reads()
    await receive(fullRecord(entity))
    const changed = fullRecord(entity, 1, { [keyOf(column)]: 'partial' })
    world.source.hold(id, answer(entity, 1, { [keyOf(column)]: 'partial' }))
    for (const key of optionalKeys(entity)) if (key !== keyOf(column)) Reflect.deleteProperty(changed, key)
    await receive(changed)
    const row = await world.row(entity, id)
    expect(row?.[column.name]).toBe('partial')
    expect(row?.['completed_version']).toBe(row?.['source_modified_at'])
    expect(world.source.reads()).toBe(before + 1)
  })

  it('keeps what is stored when a key is absent, and stores NULL for a blank', async () => {
    const optional = entity.columns.filter((column) => !column.required && column.kind === 'text')
    const [absent, blank] = optional
    if (absent === undefined || blank === undefined)
      throw new Error('the definition has no two optional text columns')
    await receive(fullRecord(entity, 0, { [keyOf(absent)]: 'stays', [keyOf(blank)]: 'goes' }))
    const next = fullRecord(entity, 1, { [keyOf(absent)]: undefined, [keyOf(blank)]: '' })
    world.source.hold(id, answer(entity, 1, { [keyOf(absent)]: 'stays', [keyOf(blank)]: '' }))
    await put(next)
    world.source.fail(new Error('not now'))
    await world.settle()
    const row = await world.row(entity, id)
    expect(row?.[absent.name]).toBe('stays')
    expect(row?.[blank.name]).toBeNull()
  })

  it('becomes a tombstone when a delete is confirmed by the source, and keeps row and lines', async () => {
    await receive(fullRecord(entity))
    const eventId = await receiveDelete()
    expect(await world.status(eventId)).toBe('applied')
    const row = await world.row(entity, id)
    expect(row?.['deleted_at']).not.toBeNull()
    expect(await world.children(entity, id)).toHaveLength(childCount(entity, fullRecord(entity)))
    expect((await world.audit(id)).map((entry) => entry.operation)).toEqual(['created', 'deleted'])
  })

  it('does not believe a delete that the source denies twice', async () => {
    await receive(fullRecord(entity))
    world.source.hold(id, answer(entity))
    const eventId = await receiveDelete()
    expect(await world.status(eventId)).toBe('retry')
    await world.passTime()
    await world.settle()
    expect(await world.status(eventId)).toBe('unchanged')
    expect((await world.row(entity, id))?.['deleted_at']).toBeNull()
  })

  it('remembers a deletion of a record never seen', async () => {
    await receiveDelete()
    const row = await world.row(entity, id)
    expect(row?.['deleted_at']).not.toBeNull()
  })

  it('is not revived by a late event, but restored when the source has it again', async () => {
    await receive(fullRecord(entity))
    await receiveDelete()
    const late = await receive(fullRecord(entity, 1))
    await world.passTime()
    await world.settle()
    expect(await world.status(late)).not.toBe('applied')
    expect((await world.row(entity, id))?.['deleted_at']).not.toBeNull()
    world.source.hold(id, answer(entity, 2))
    const restoring = await receive(fullRecord(entity, 2))
    expect(await world.status(restoring)).toBe('applied')
    expect((await world.row(entity, id))?.['deleted_at']).toBeNull()
    expect((await world.audit(id)).at(-1)?.operation).toBe('restored')
  })

  it('leaves the columns of the ERP alone', async () => {
    await world.db.query(`ALTER TABLE ${entity.table} ADD COLUMN erp_note text`)
    await receive(fullRecord(entity))
    await world.db.query(`UPDATE ${entity.table} SET erp_note = 'ours'`)
    await receive(fullRecord(entity, 1, { [keyOf(textColumn(entity))]: 'changed' }))
    expect((await world.row(entity, id))?.['erp_note']).toBe('ours')
  })

  it('keeps unknown fields in raw, digits as sent', async () => {
    await receive(fullRecord(entity, 0, { a_field_of_tomorrow: new ExactNumber('12345678901234567890.10') }))
    expect(String((await world.row(entity, id))?.['raw'])).toContain('12345678901234567890.10')
  })

  it.each(
    entity.columns
      .filter((column) => refusals[column.kind] !== undefined)
      .map((column) => [column.name, column] as const),
  )('makes a dead letter of class data of an unreadable %s, never a zero', async (_name, column) => {
    const eventId = await receive(fullRecord(entity, 0, { [keyOf(column)]: 'None' }))
    expect(await world.status(eventId)).toBe('dead_letter')
    expect(await world.row(entity, id)).toBeUndefined()
    const [letter] = await world.deadLetters(id)
    expect(letter).toMatchObject({ class: 'data', error_code: refusals[column.kind] })
  })

  it.each(entity.columns.filter((column) => column.required).map((column) => [column.name, column] as const))(
    'refuses a blank %s and asks the source for an absent one',
    async (_name, column) => {
      const blank = await receive(fullRecord(entity, 0, { [keyOf(column)]: '' }))
      expect(await world.deadLetters(id)).toMatchObject([{ class: 'data', error_code: 'missing_required' }])
      expect(await world.status(blank)).toBe('dead_letter')
      world.source.hold(id, answer(entity, 1))
      const absent = await receive(
        fullRecord(entity, 1, Object.fromEntries(column.keys.map((key) => [key, undefined]))),
      )
      expect(await world.status(absent)).toBe('applied')
      expect((await world.row(entity, id))?.[column.name]).not.toBeNull()
    },
  )

  it('replaces child rows together with their parent', async () => {
    for (const child of entity.children) {
      await receive(fullRecord(entity))
      const key = child.keys[0] ?? ''
      const list = fullRecord(entity)[key]
      if (!Array.isArray(list) || list.length < 2) throw new Error(`the example has no two ${key}`)
      const fewer = list.slice(0, -1)
      await receive(fullRecord(entity, 1, { [key]: fewer }))
      expect(await world.children(entity, id)).toHaveLength(child.rows(fewer).length)
      expect((await world.audit(id)).at(-1)?.changed_fields).toContain('lines')
      await receive(fullRecord(entity, 2, { [key]: [] }))
      expect(await world.children(entity, id)).toHaveLength(0)
    }
  })

  it('reads back from its rows exactly what it wrote, so that nothing differs', async () => {
    await receive(fullRecord(entity))
    const decision = await look('detail', answer(entity))
    expect(decision).toMatchObject({ outcome: 'unchanged' })
    expect(await world.audit(id)).toHaveLength(1)
  })

  it('accounts for every event it was given', async () => {
    await receive(fullRecord(entity))
    await receive(fullRecord(entity, 1, { [keyOf(decimalColumn(entity))]: 'None' }))
    const { rows } = await world.db.query<{ status: string; counted: string; held: string }>(
      `SELECT c.status, c.counted, coalesce(e.held, 0) AS held
         FROM (SELECT status, sum(events) AS counted FROM tds_event_counts GROUP BY status) c
         LEFT JOIN (SELECT status, count(*) AS held FROM tds_inbox_events GROUP BY status) e USING (status)`,
    )
    expect(rows.length).toBeGreaterThan(0)
    for (const row of rows) expect([row.status, row.counted]).toEqual([row.status, row.held])
  })

  async function put(record: ExactObject): Promise<string> {
    return world.receive({ entity, zohoId: id, body: wrapped(entity, record) })
  }

  async function receive(record: ExactObject): Promise<string> {
    const eventId = await put(record)
    await world.settle()
    return eventId
  }

  /** Something that the source said to a read sent now, or so many seconds away from now. */
  async function look(origin: ChangeOrigin, record: ExactObject, seconds = 0): Promise<Decision | undefined> {
    return world.db.transaction(async (tx) => {
      const now = await databaseNow(tx)
      const [result] = await applyChanges(
        tx,
        [
          {
            entity,
            organizationId: testOrganization,
            zohoId: id,
            origin,
            says: {
              kind: 'content',
              record: mapRecord(entity, record, origin === 'list' ? 'list' : 'detail'),
            },
            cause: 'incremental',
            lookedAt: now + seconds * 1_000_000,
            eventId: null,
            runId: null,
            actor: 'worker',
            reason: null,
            requestId: null,
          },
        ],
        now,
      )
      return result?.decision
    })
  }

  async function owedReads(): Promise<unknown[]> {
    const { rows } = await world.db.query('SELECT reason FROM tds_owed_reads WHERE zoho_id = $1', [id])
    return rows
  }

  async function receiveDelete(): Promise<string> {
    const body = wrapped(entity, exampleRecord(entity, 'webhook'))
    const eventId = await world.receive({ entity, zohoId: id, body, operation: 'delete' })
    await world.settle()
    return eventId
  }
})

function idOf(entity: EntityDefinition): string {
  const id = exampleRecord(entity, 'detail')[entity.source.id]
  if (typeof id !== 'string') throw new Error('the example has no id')
  return id
}

type Changes = Readonly<Record<string, ExactJson | undefined>>

/** A webhook's record that carries all there is, so many minutes newer than the example, with changes laid over. */
function fullRecord(entity: EntityDefinition, minutesNewer = 0, changes: Changes = {}): ExactObject {
  const minute = String(10 + minutesNewer).padStart(2, '0')
  return {
    // A type that has none never sends these; to be complete a webhook must.
    custom_fields: [],
    created_time: '',
    ...exampleRecord(entity, 'detail', {
      last_modified_time: `2026-07-21T16:${minute}:55+0100`,
      ...changes,
    }),
  }
}

/** The same as the source's detail shows it: without the version, where the details of the type have none. */
function answer(entity: EntityDefinition, minutesNewer = 0, changes: Changes = {}): ExactObject {
  const record = fullRecord(entity, minutesNewer, changes)
  const example = exampleRecord(entity, 'detail')
  for (const key of ['last_modified_time', 'custom_fields', 'created_time'])
    if (example[key] === undefined) Reflect.deleteProperty(record, key)
  return record
}

/** A webhook's record of which nobody can say when it was modified. */
function versionless(entity: EntityDefinition, changes: Changes = {}): ExactObject {
  return fullRecord(entity, 0, { last_modified_time: undefined, ...changes })
}

function textColumn(entity: EntityDefinition): ColumnDefinition {
  const column = entity.columns.find((one) => one.kind === 'text' && !one.required)
  if (column === undefined) throw new Error('the definition has no optional text column')
  return column
}

function decimalColumn(entity: EntityDefinition): ColumnDefinition {
  const column = entity.columns.find((one) => one.kind === 'decimal')
  if (column === undefined) throw new Error('the definition has no amount')
  return column
}

function keyOf(column: ColumnDefinition): string {
  return column.keys[0] ?? column.name
}

function optionalKeys(entity: EntityDefinition): string[] {
  return [
    ...entity.columns.filter((column) => !column.required).flatMap((column) => column.keys),
    ...entity.children.flatMap((child) => child.keys),
    'custom_fields',
  ]
}

function childCount(entity: EntityDefinition, record: ExactObject): number {
  return entity.children.reduce((count, child) => {
    const list = child.keys.map((key) => record[key]).find((value) => Array.isArray(value))
    return count + (Array.isArray(list) ? child.rows(list).length : 0)
  }, 0)
}

import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { entities, entityOf, type EntityDefinition } from '@tds/core'
import { computingMs } from '@tds/runtime/testing'
import {
  readDelivery,
  type Delivery,
  type UsableDelivery,
  type UnusableDelivery,
} from './webhook-envelope.ts'

const product = definitionOf('product')
const id = '573914000000101014'
const modified = '2026-07-21T16:03:55+0100'
const now = new Date('2026-07-22T00:00:00Z')
const formType = 'application/x-www-form-urlencoded;charset=UTF-8'

describe('readDelivery of a sound body', () => {
  it('reads the record under its singular key', () => {
    const text = `{"item":{"item_id":"${id}","rate":14.50,"last_modified_time":"${modified}"}}`
    expect(readDelivery(delivery(text))).toEqual({
      usable: true,
      operation: 'upsert',
      sourceEntityId: id,
      sourceVersion: new Date('2026-07-21T15:03:55Z'),
      payloadText: text,
      contentHash: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
      flags: [],
      thin: false,
    })
  })

  describe.each(entities.map((entity) => [entity.type, entity] as const))('for a %s', (_type, entity) => {
    const { source, example } = entity
    const record = (JSON.parse(example.webhook) as Record<string, Record<string, unknown>>)[source.wrapper]
    const told = { sourceEntityId: record?.[source.id], thin: false, flags: [] }

    it('reads the record under its singular key, bare, and in a form', () => {
      expect(record).toBeDefined()
      expect(usable(example.webhook, { entity })).toMatchObject(told)
      expect(usable(JSON.stringify(record), { entity })).toMatchObject(told)
      const inForm = readDelivery({ ...form({ JSONString: example.webhook }), entity })
      expect(inForm).toMatchObject({ usable: true, ...told })
    })

    it('takes the version from the record, and has none where the record has none', () => {
      const version = record?.['last_modified_time']
      const expected = typeof version === 'string' ? new Date(version) : null
      expect(usable(example.webhook, { entity }).sourceVersion).toEqual(expected)
    })

    it("takes our words and Zoho's for it in a thin body", () => {
      const words = [
        entity.type,
        entity.resource,
        source.wrapper,
        source.listKey,
        ...entity.aliases,
        ...source.names,
      ]
      for (const word of words) {
        expect(usable(`{"entity":"${word}","event":"deleted","id":"${id}"}`, { entity })).toMatchObject({
          operation: 'delete',
          thin: true,
        })
      }
    })

    it('refuses at its address the record of every other type, wrapped and bare, and the word for it', () => {
      for (const other of entities.filter((one) => one !== entity)) {
        const { wrapper } = other.source
        const detail = (JSON.parse(other.example.detail) as Record<string, unknown>)[wrapper]
        const bodies = [
          other.example.webhook,
          JSON.stringify(detail),
          `{"entity":"${wrapper}","event":"updated","id":"${id}"}`,
        ]
        expect(bodies.map((body) => [other.type, refused(body, { entity })])).toEqual(
          bodies.map(() => [other.type, 'unsupported']),
        )
      }
    })
  })

  it('hashes the same body alike in every spelling, and any other apart', () => {
    const one = usable(`{"item":{"item_id":"${id}","rate":1.10}}`)
    const other = usable(` { "item" : { "rate" : 11e-1, "item_\\u0069d": "${id}" } } `)
    expect(other.contentHash).toBe(one.contentHash)
    expect(usable(`{"item":{"item_id":"${id}","rate":1.11}}`).contentHash).not.toBe(one.contentHash)
  })

  it('accepts the bare record, because operators write bodies by hand', () => {
    const bare = usable(`{"item_id":"${id}","name":"Tote","last_modified_time":"${modified}"}`)
    expect(bare).toMatchObject({
      sourceEntityId: id,
      thin: false,
      sourceVersion: new Date('2026-07-21T15:03:55Z'),
    })
  })

  it('tolerates extra keys beside the record', () => {
    expect(usable(`{"code":0,"message":"success","item":{"item_id":"${id}"},"page":{}}`).sourceEntityId).toBe(
      id,
    )
    expect(usable(`{"item":{"item_id":"${id}"},"id":"17"}`).sourceEntityId).toBe(id)
  })

  it.each([
    ['created', 'create'],
    ['updated', 'update'],
    ['deleted', 'delete'],
    [null, 'upsert'],
  ] as const)('takes the operation from the address: %s is %s', (action, operation) => {
    expect(usable(item(), { action }).operation).toBe(operation)
  })
})

describe('readDelivery of a thin body', () => {
  it.each(['product', 'products', 'items', 'item'])('takes %s for a product', (word) => {
    expect(usable(`{"entity":"${word}","event":"deleted","id":"${id}"}`)).toMatchObject({
      operation: 'delete',
      sourceEntityId: id,
      sourceVersion: null,
      thin: true,
    })
  })

  it("accepts the type's own id key, and both keys where they agree", () => {
    const body = `{"entity":"item","event":"deleted","organization_id":"790412365","item_id":"${id}"}`
    expect(usable(body)).toMatchObject({ sourceEntityId: id, thin: true })
    expect(usable(`{"entity":"item","id":${id},"item_id":"${id}"}`).sourceEntityId).toBe(id)
  })

  it.each([
    ['created', 'create'],
    ['update', 'update'],
    ['edited', 'update'],
    ['created_or_edited', 'upsert'],
    ['approved', 'update'],
  ])('takes the operation from the event where the address has none: %s is %s', (event, operation) => {
    expect(usable(`{"event":"${event}","id":"${id}"}`).operation).toBe(operation)
  })

  it('counts an empty placeholder as absent', () => {
    expect(usable(`{"entity":"","event":null,"item_id":"${id}"}`).operation).toBe('upsert')
  })

  it('lets "created or edited" stand under either of the two addresses', () => {
    const body = `{"entity":"item","event":"created_or_edited","id":"${id}"}`
    expect(usable(body, { action: 'created' }).operation).toBe('create')
    expect(refused(body, { action: 'deleted' })).toBe('unsupported')
  })

  it('takes a version that the thin body carries', () => {
    const body = `{"entity":"item","id":"${id}","last_modified_time":"${modified}"}`
    expect(usable(body)).toMatchObject({ thin: true, sourceVersion: new Date('2026-07-21T15:03:55Z') })
  })
})

describe('B-01 to B-08: bytes, text and numbers', () => {
  it('B-01: an empty body is `empty`, whatever its headers say', () => {
    expect(refused('')).toBe('empty')
    expect(refused(' \n')).toBe('empty')
    expect(refused('', { contentType: undefined })).toBe('empty')
    expect(refused('\ufeff')).toBe('empty')
  })

  it('B-02: a body cut off is `not_json`', () => {
    expect(refused('{"a":')).toBe('not_json')
  })

  it('B-03: an invalid UTF-8 byte in a string is `not_utf8`, and the bytes are identified by their digest', () => {
    const rawBody = Buffer.concat([Buffer.from('{"item":{"name":"'), Buffer.from([0xff]), Buffer.from('"}}')])
    const read = unusable('', { rawBody })
    expect(read.reason).toBe('not_utf8')
    expect(read.bytesHash).toMatch(/^[0-9a-f]{64}$/)
    expect(read.bytesHash).not.toBe(unusable('{"a":').bytesHash)
  })

  it('B-04: a leading byte-order mark is removed and flagged, and is no part of the hash', () => {
    const marked = usable(`\ufeff${item()}`)
    expect(marked).toEqual({ ...usable(item()), flags: ['bom'] })
  })

  it('B-05: NUL in a value and in a key becomes U+FFFD in what Postgres stores, and is flagged', () => {
    const read = usable(`{"item":{"item_id":"${id}","na\\u0000me":"a\\u0000b"}}`)
    expect(read.flags).toEqual(['nul_replaced'])
    expect(read.payloadText).toBe(`{"item":{"item_id":"${id}","na\ufffdme":"a\ufffdb"}}`)
  })

  it('B-06: half a surrogate pair is made well-formed and flagged, with a hash that is stable', () => {
    const text = `{"item":{"item_id":"${id}","\\udc00":"x\\ud83d"}}`
    const read = usable(text)
    expect(read.flags).toEqual(['surrogate_replaced'])
    expect(read.payloadText).toBe(`{"item":{"item_id":"${id}","\ufffd":"x\ufffd"}}`)
    expect(usable(text).contentHash).toBe(read.contentHash)
  })

  it.each(['1e400', '1e131072', '123e-10000000', '9'.repeat(101)])('B-07: %s is `number_range`', (number) => {
    expect(refused(item(`"rate":${number}`))).toBe('number_range')
  })

  it.each(['9007199254740993', '5739140000001010143'])(
    'B-08: the bare id %s is kept digit for digit',
    (bare) => {
      expect(usable(`{"item":{"item_id":${bare}}}`)).toMatchObject({
        sourceEntityId: bare,
        payloadText: `{"item":{"item_id":${bare}}}`,
      })
      const neighbour = bare.replace(/3$/, '2')
      const hashes = [bare, neighbour].map((digits) => usable(`{"item":{"item_id":${digits}}}`).contentHash)
      expect(new Set(hashes).size).toBe(2)
    },
  )
})

describe('B-09 to B-15: values and sizes', () => {
  it.each(['0.1', '1.10', '1e2', '-0', '""', '"None"'])(
    'B-09: money written %s reaches the payload as sent',
    (money) => {
      expect(usable(item(`"rate":${money}`)).payloadText).toContain(`"rate":${money}`)
    },
  )

  it('B-10: a key repeated with another id is `duplicate_key`, not a guess', () => {
    expect(refused(`{"item":{"item_id":"1","item_id":"2"}}`)).toBe('duplicate_key')
    expect(refused(`{"item":{"item_id":"1"},"item":{"item_id":"2"}}`)).toBe('duplicate_key')
  })

  it('B-11: inherited names are data, and no object gains a property', () => {
    const text = item('"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}')
    expect(usable(text).payloadText).toBe(text)
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
    expect(refused(`{"entity":"constructor","id":"${id}"}`)).toBe('unsupported')
    expect(refused(`{"event":"constructor","id":"${id}"}`)).toBe('unsupported')
    expect(refused(`{"event":"__proto__","id":"${id}"}`)).toBe('unsupported')
  })

  it.each([
    [64, undefined],
    [65, 'too_deep'],
    [5_000, 'too_deep'],
    [100_000, 'too_deep'],
  ])('B-12: %i levels answer at once: %s', (levels, reason) => {
    const inner = levels - 2
    let answered: unknown
    const took = computingMs(() => {
      answered = reasonOf(item(`"x":${'['.repeat(inner)}${']'.repeat(inner)}`))
    })
    expect(answered).toBe(reason)
    expect(took).toBeLessThan(1000)
  })

  it('B-13: 200,000 keys are `too_many_keys` within 200 ms', () => {
    const members = Array.from({ length: 200_000 }, (_, index) => `"${index.toString(36)}":1`)
    const text = item(members.join(','))
    let answered: unknown
    const took = computingMs(() => {
      answered = refused(text)
    })
    expect(answered).toBe('too_many_keys')
    expect(took).toBeLessThan(200)
  })

  it('B-14: a field of 900 kB is accepted', () => {
    expect(usable(item(`"description":"${'x'.repeat(900_000)}"`)).sourceEntityId).toBe(id)
  })

  it('B-15: a body of exactly 1 MiB is read', () => {
    const text = item('"description":""')
    const padded = text.replace('""', `"${'é'.repeat((1_048_576 - Buffer.byteLength(text)) / 2)}"`)
    expect(usable(padded).sourceEntityId).toBe(id)
  })
})

describe('B-16 to B-18: headers', () => {
  it.each([
    undefined,
    '',
    'text/plain',
    'application/xml',
    'application/json;charset=utf-16',
    'application/json; charset="latin1"',
    'multipart/form-data',
    'application/vnd.api+json',
    `${formType};charset=utf-16`,
  ])(
    'B-16: the content type %j is `content_type`, and the body is not taken for something else',
    (contentType) => {
      expect(refused(item(), { contentType })).toBe('content_type')
    },
  )

  it.each([
    'application/json',
    'Application/JSON',
    'application/json;charset=UTF-8',
    'application/json; charset="utf-8"',
    'application/json; boundary=x; charset=utf8',
  ])('B-16: the content type %j is JSON in UTF-8', (contentType) => {
    expect(usable(item(), { contentType }).sourceEntityId).toBe(id)
  })

  it('B-17: a form with JSONString is the same delivery as the JSON form', () => {
    const text = item(`"name":"Tote & bag + 12 %","last_modified_time":"${modified}"`)
    expect(readDelivery(form({ JSONString: text }))).toEqual(usable(text))
  })

  it('B-17: other fields of the form are left alone', () => {
    const rawBody = Buffer.from(
      `x=%FF&organization_id=1&${new URLSearchParams({ JSONString: item() }).toString()}&`,
    )
    expect(readDelivery({ ...form({}), rawBody })).toEqual(usable(item()))
  })

  it('B-17: a form is read as strictly as JSON', () => {
    expect(reasonFor(form({ JSONString: '' }))).toBe('empty')
    expect(reasonFor(form({ JSONString: '{"item":' }))).toBe('not_json')
    expect(reasonFor(form({ JSONSTRING: item() }))).toBe('not_json')
    expect(reasonFor({ ...form({}), rawBody: Buffer.from('JSONString=%22%FF%22') })).toBe('not_utf8')
    expect(reasonFor({ ...form({}), rawBody: Buffer.from('JSONString={}&JSONString={}') })).toBe(
      'duplicate_key',
    )
    expect(reasonFor({ ...form({}), rawBody: Buffer.from(item()) })).toBe('not_json')
  })

  it.each(['gzip', 'br', 'deflate', 'x-unknown', 'identity, gzip'])(
    'B-18: the encoding %s is `encoding`, never inflated',
    (contentEncoding) => {
      expect(reasonFor({ ...delivery(''), rawBody: gzipSync(item()), contentEncoding })).toBe('encoding')
    },
  )

  it.each([undefined, '', 'identity', 'Identity'])('B-18: the encoding %j is none', (contentEncoding) => {
    expect(usable(item(), { contentEncoding }).sourceEntityId).toBe(id)
  })
})

describe('B-19 to B-22: what the body is about', () => {
  it.each(['[]', `[${item()}]`, '"text"', '7', 'null', 'true'])(
    'B-19: the top-level value %s is `not_object`',
    (text) => {
      expect(refused(text)).toBe('not_object')
    },
  )

  it.each(['{"item":null}', '{"item":"x"}', '{"item":7}', '{"item":""}'])(
    'B-19: %s is `not_object`, for its record is none',
    (text) => {
      expect(refused(text)).toBe('not_object')
    },
  )

  it.each([
    ['another entity than the address', `{"entity":"invoice","event":"updated","id":"${id}"}`],
    ['an unknown entity', `{"entity":"gadget","id":"${id}"}`],
    ['the entity in another letter case', `{"entity":"Item","id":"${id}"}`],
    ['an entity that is no text', `{"entity":["item"],"id":"${id}"}`],
    ['an unknown event', `{"entity":"item","event":"exploded","id":"${id}"}`],
    ['the event in another letter case', `{"entity":"item","event":"Deleted","id":"${id}"}`],
    ['an event that is no text', `{"entity":"item","event":1,"id":"${id}"}`],
    ['the wrapper of another entity', `{"invoice":{"invoice_id":"${id}"}}`],
    ['the wrapper of a type that this build does not know', `{"gadget":{"gadget_id":"${id}"}}`],
    ['the bare record of another entity', `{"invoice_id":"${id}","total":1}`],
    ['ids that disagree between envelope and record', `{"entity":"item","id":"1","item":{"item_id":"2"}}`],
    ['ids that disagree in the thin body', `{"entity":"item","id":"1","item_id":"2"}`],
    ['an id beside the record that disagrees with it', `{"item":{"item_id":"2"},"item_id":"1"}`],
  ])('B-20: %s is `unsupported`, never taken for success', (_, text) => {
    expect(refused(text)).toBe('unsupported')
  })

  it('B-20: an event that disagrees with the action of the address is `unsupported`', () => {
    const body = `{"entity":"item","event":"deleted","id":"${id}"}`
    expect(refused(body, { action: 'updated' })).toBe('unsupported')
    expect(usable(body, { action: 'deleted' }).operation).toBe('delete')
  })

  it.each([
    ['missing', '{"item":{"name":"Tote"}}'],
    ['missing from an empty record', '{"item":{}}'],
    ['missing from an empty body', '{}'],
    ['missing from a thin body', '{"entity":"item","event":"deleted"}'],
    ['under a plain key that nothing addresses', `{"id":"${id}"}`],
    ['empty', '{"item":{"item_id":""}}'],
    ['null', '{"item":{"item_id":null}}'],
    ['an object', '{"item":{"item_id":{"x":1}}}'],
    ['a list', '{"item":{"item_id":["1"]}}'],
    ['true', '{"item":{"item_id":true}}'],
    ['a word', '{"item":{"item_id":"unknown"}}'],
    ['digits with blanks', '{"item":{"item_id":" 1 "}}'],
    ['digits of another script', '{"item":{"item_id":"١٢"}}'],
    ['negative', '{"item":{"item_id":-1}}'],
    ['a fraction', '{"item":{"item_id":1.0}}'],
    ['written with an exponent', '{"item":{"item_id":1e5}}'],
    ['101 digits long', `{"item":{"item_id":"${'1'.repeat(101)}"}}`],
    ['300 characters long', `{"item":{"item_id":"${'x'.repeat(300)}"}}`],
  ])('B-21: an id that is %s is `no_id`, not keyed as unknown', (_, text) => {
    expect(refused(text)).toBe('no_id')
  })

  it.each([
    ['2026-07-21T16:03:55+0100', '2026-07-21T15:03:55.000Z'],
    ['2026-07-21T16:03:55+01:00', '2026-07-21T15:03:55.000Z'],
    ['2026-07-21T15:03:55Z', '2026-07-21T15:03:55.000Z'],
    ['2026-07-22T23:59:59Z', '2026-07-22T23:59:59.000Z'],
  ])('B-22: the time %s is the version %s', (time, version) => {
    expect(usable(item(`"last_modified_time":"${time}"`)).sourceVersion?.toISOString()).toBe(version)
  })

  it.each(['', null])('B-22: the time %j is no version', (time) => {
    expect(usable(item(`"last_modified_time":${JSON.stringify(time)}`)).sourceVersion).toBeNull()
  })

  it.each([
    '"2026-02-30T00:00:00+0100"',
    '"2026-07-21T16:03:55"',
    '"+294277-01-01T00:00:00Z"',
    '"infinity"',
    '"2026-07-21"',
    '1784646235',
    '{}',
    'false',
  ])('B-22: the time %s is `bad_time`', (time) => {
    expect(refused(item(`"last_modified_time":${time}`))).toBe('bad_time')
  })

  it.each(['2026-07-23T00:00:01Z', '2036-07-21T16:03:55+0100'])(
    'B-22: the time %s, more than a day ahead, is `future` and cannot freeze a record',
    (time) => {
      expect(refused(item(`"last_modified_time":"${time}"`))).toBe('future')
    },
  )
})

describe('B-23 to B-28: odd text, other organisations, several records', () => {
  it('B-23: any text is accepted as a name and reaches the payload unchanged', () => {
    const odd = fc.oneof(
      fc.constantFrom(
        "'; DROP TABLE tds_products;--",
        '<script>alert(1)</script>',
        '${7*7}',
        '../../etc/passwd',
        '=1+1',
        '\u202eabc',
        'NULL',
        '٠١٢',
        '田中さん',
        '👩‍👩‍👧‍👦',
        '\u0085\u2028\u2029',
      ),
      fc.string({ unit: 'binary' }).map((text) => text.replaceAll('\0', '')),
    )
    fc.assert(
      fc.property(odd, (name) => {
        const read = usable(JSON.stringify({ item: { item_id: id, name } }))
        expect(JSON.parse(read.payloadText)).toEqual({ item: { item_id: id, name } })
        expect(read.flags).toEqual([])
      }),
    )
  })

  it('B-24: composed and decomposed spellings are kept as sent, as keys and as values', () => {
    const text = item('"caf\u00e9":"e\u0301","cafe\u0301":"\u00e9"')
    expect(usable(text).payloadText).toBe(text)
  })

  it('B-25: right-to-left marks, zero widths and 10 kB of combining marks are text like any other', () => {
    const text = item(`"name":"\u202eabc\u200b\u200f${'\u0301'.repeat(5_000)}"`)
    expect(usable(text).payloadText).toBe(text)
  })

  it.each([
    ['a list under the singular key', `{"item":[{"item_id":"1"},{"item_id":"2"}]}`],
    ['a list of one under the singular key', `{"item":[{"item_id":"1"}]}`],
    ['the plural list key', `{"items":[{"item_id":"1"},{"item_id":"2"}]}`],
    ['a page of the API', `{"code":0,"items":[{"item_id":"1"}],"page_context":{"page":1}}`],
    ['a list beside the record', `{"item":{"item_id":"1"},"items":[{"item_id":"2"}]}`],
    ['a list under any lone key', `{"data":[{"item_id":"1"},{"item_id":"2"}]}`],
    ['the list of another type', `{"invoices":[{"invoice_id":"1"}]}`],
    ['records of two types', `{"item":{"item_id":"1"},"invoice":{"invoice_id":"2"}}`],
  ])('B-28: %s is `batch`: never only the first', (_, text) => {
    expect(refused(text)).toBe('batch')
  })

  it('B-28: a list that belongs to a bare record is its own affair', () => {
    expect(usable(`{"item_id":"${id}","items":[{"item_id":"2"}]}`).sourceEntityId).toBe(id)
  })

  it.each([
    `{"organization_id":"1","item":{"item_id":"${id}"}}`,
    `{"item":{"item_id":"${id}","organization_id":1}}`,
    `{"entity":"item","id":"${id}","organization_id":["790412365"]}`,
  ])('a body of another organisation is `organization`: %s', (text) => {
    expect(refused(text)).toBe('organization')
  })

  it('accepts a body that names the organisation decided, as text or number', () => {
    expect(usable(item('"organization_id":790412365')).sourceEntityId).toBe(id)
    expect(usable(item('"organization_id":""')).sourceEntityId).toBe(id)
  })
})

describe('readDelivery in general', () => {
  it('tells the operator in one sentence what to do, and repeats nothing of the body but a short key', () => {
    const bodies = [
      '',
      '{',
      '[1]',
      '{"item":{}}',
      `{"${'k'.repeat(500)}":{}}`,
      '{"item":{"item_id":"hunter2"}}',
      item('"last_modified_time":"hunter2"'),
    ]
    for (const body of bodies) {
      const { detail } = unusable(body)
      expect(detail).toMatch(/^[A-Z][^\n]{20,250}\.$/)
      expect(detail).not.toMatch(/\. [A-Z]/)
      expect(detail).not.toContain('hunter2')
    }
    expect(unusable('{"item":{}}').detail).toBe(
      'The body has no "item_id" of digits; add the id of the record to the text configured for the webhook.',
    )
  })

  it('never throws, whatever bytes and headers come', () => {
    const contentType = fc.constantFrom('application/json', formType, undefined)
    const body = fc.oneof(
      fc.uint8Array({ max: 255 }),
      fc.json().map((text) => Buffer.from(text)),
    )
    fc.assert(
      fc.property(body, contentType, (bytes, type) => {
        expect(
          typeof readDelivery({ ...delivery(''), rawBody: Buffer.from(bytes), contentType: type }).usable,
        ).toBe('boolean')
      }),
    )
  })
})

function definitionOf(type: string): EntityDefinition {
  const entity = entityOf(type)
  if (entity === undefined) throw new Error(`No entity ${type}.`)
  return entity
}

function item(members = ''): string {
  return `{"item":{"item_id":"${id}"${members === '' ? '' : `,${members}`}}}`
}

function delivery(text: string, o: Partial<Delivery> = {}): Delivery {
  return {
    entity: product,
    action: null,
    organizationId: '790412365',
    contentType: 'application/json;charset=UTF-8',
    contentEncoding: undefined,
    rawBody: Buffer.from(text),
    now,
    ...o,
  }
}

function form(fields: Record<string, string>): Delivery {
  return delivery(new URLSearchParams(fields).toString() || 'x=', { contentType: formType })
}

function usable(text: string, o: Partial<Delivery> = {}): UsableDelivery {
  const read = readDelivery(delivery(text, o))
  if (!read.usable) throw new Error(`Unusable: ${read.reason}: ${read.detail}`)
  return read
}

function unusable(text: string, o: Partial<Delivery> = {}): UnusableDelivery {
  const read = readDelivery(delivery(text, o))
  if (read.usable) throw new Error('Usable.')
  return read
}

function refused(text: string, o: Partial<Delivery> = {}): string {
  return unusable(text, o).reason
}

function reasonOf(text: string): string | undefined {
  return reasonFor(delivery(text))
}

function reasonFor(o: Delivery): string | undefined {
  const read = readDelivery(o)
  return read.usable ? undefined : read.reason
}

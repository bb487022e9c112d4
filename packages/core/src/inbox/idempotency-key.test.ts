import fc from 'fast-check'
import { v5 } from 'uuid'
import { sha256Hex } from '../json/index.ts'
import {
  eventId,
  idempotencyKey,
  unusableKey,
  type EventIdentity,
  type Operation,
} from './idempotency-key.ts'

const hash = 'a'.repeat(64)
const invoiceUpdate: EventIdentity = {
  organizationId: '790412365',
  entityType: 'invoice',
  zohoId: '573914000000412009',
  operation: 'update',
  sourceVersion: new Date('2026-07-14T08:05:33Z'),
  contentHash: hash,
}

describe('idempotencyKey', () => {
  it('is made of organisation, entity, id, operation, version and delivery hash', () => {
    expect(idempotencyKey(invoiceUpdate)).toEqual({
      key: `790412365:invoice:573914000000412009:update:2026-07-14T08:05:33.000Z:${hash}`,
      foldKey: null,
      nonce: null,
    })
  })

  it('is the same for the same delivery, so that a repeat is a duplicate', () => {
    expect(idempotencyKey({ ...invoiceUpdate })).toEqual(idempotencyKey(invoiceUpdate))
  })

  it.each<[string, Partial<EventIdentity>]>([
    ['organisation', { organizationId: '790412366' }],
    ['entity', { entityType: 'bill' }],
    ['id', { zohoId: '573914000000412010' }],
    ['operation', { operation: 'create' }],
    ['version', { sourceVersion: new Date('2026-07-14T08:05:34Z') }],
    ['content', { contentHash: 'b'.repeat(64) }],
  ])('differs when the %s differs, so that a genuine change passes', (_, difference) => {
    expect(idempotencyKey({ ...invoiceUpdate, ...difference }).key).not.toBe(
      idempotencyKey(invoiceUpdate).key,
    )
  })

  it.each<[string, Partial<EventIdentity>]>([
    ['a delivery without a version', { sourceVersion: null }],
    ['a delete', { operation: 'delete' }],
    ['a delete without a version', { operation: 'delete', sourceVersion: null }],
  ])('never equals an earlier key for %s, but has the same fold key', (_, difference) => {
    const first = idempotencyKey({ ...invoiceUpdate, ...difference })
    const second = idempotencyKey({ ...invoiceUpdate, ...difference })
    expect(first.key).not.toBe(second.key)
    expect(first.foldKey).toBe(second.foldKey)
    expect(first.key).toBe(`${String(first.foldKey)}:${String(first.nonce)}`)
  })

  it('keeps a nonce that was drawn earlier, so that a spooled delivery stays itself', () => {
    const drawn = idempotencyKey({ ...invoiceUpdate, operation: 'delete' })
    const again = idempotencyKey({ ...invoiceUpdate, operation: 'delete', nonce: String(drawn.nonce) })
    expect(again).toEqual(drawn)
  })

  it('ends in the nonce given for an event made from a read, version or not', () => {
    const { key, foldKey } = idempotencyKey({ ...invoiceUpdate, nonce: 'read-1' })
    expect(key).toBe(`${String(foldKey)}:read-1`)
  })

  it('gives different events different keys, whatever their parts contain', () => {
    fc.assert(
      fc.property(identity, identity, (left, right) => {
        const same = comparable(left) === comparable(right)
        expect(idempotencyKey(left).key === idempotencyKey(right).key).toBe(same)
      }),
      { numRuns: 2000 },
    )
  })

  it('never equals the key of an unusable delivery', () => {
    fc.assert(
      fc.property(identity, part, bytes, (event, organizationId, rawBody) => {
        const confusable = {
          ...event,
          operation: 'upsert' as const,
          organizationId,
          zohoId: sha256Hex(rawBody),
        }
        expect(idempotencyKey(confusable).key).not.toBe(unusableKey({ organizationId, rawBody }))
      }),
    )
  })
})

describe('unusableKey', () => {
  it('folds repeats of the same bytes and nothing else', () => {
    const rawBody = Buffer.from('{"a":')
    expect(unusableKey({ organizationId: '790412365', rawBody })).toBe(
      `790412365:unusable:${sha256Hex(rawBody)}`,
    )
    fc.assert(
      fc.property(part, part, bytes, bytes, (organizationId, otherOrganization, rawBody, otherBody) => {
        const same = organizationId === otherOrganization && Buffer.compare(rawBody, otherBody) === 0
        const other = unusableKey({ organizationId: otherOrganization, rawBody: otherBody })
        expect(unusableKey({ organizationId, rawBody }) === other).toBe(same)
      }),
    )
  })
})

describe('eventId', () => {
  it('is the UUIDv5 that everybody else computes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (key) => {
        expect(eventId(key)).toBe(v5(key, '32a0ba82-8a94-4b5e-be92-c26a26dc30ce'))
      }),
    )
  })

  it('is a UUID of version 5 that never changes for a key', () => {
    const id = eventId(`790412365:unusable:${hash}`)
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    expect(id).toBe('d55642d7-84ab-54d1-bfc0-9bcdd432c9f5')
  })

  it('differs for different keys', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (left, right) => {
        expect(eventId(left) === eventId(right)).toBe(left === right)
      }),
    )
  })
})

/** Parts that try to be mistaken for each other. */
const part = fc.oneof(
  fc.constantFrom(
    '',
    ':',
    '::',
    '%',
    '%3A',
    '%253A',
    'a',
    'a:',
    ':a',
    'unusable',
    '2026-07-14T08:05:33.000Z',
  ),
  fc.string({ maxLength: 4 }),
)
const bytes = fc.uint8Array({ maxLength: 2 })
const identity: fc.Arbitrary<EventIdentity> = fc.record({
  organizationId: part,
  entityType: part,
  zohoId: part,
  operation: fc.constantFrom<Operation>('create', 'update', 'delete', 'upsert'),
  sourceVersion: fc.constantFrom(null, new Date(0), new Date('2026-07-14T08:05:33Z')),
  contentHash: part,
  nonce: part,
})

function comparable(event: EventIdentity): string {
  return JSON.stringify(event)
}

import fc from 'fast-check'
import { spooledEvent } from '../testing/spooled-event.ts'
import { readSpooled, UnreadableRecord, writeSpooled } from './spooled-delivery.ts'

const spooledAt = new Date('2026-11-26T20:00:00.123Z')

// Our own reading of headers drops a name that no object can carry.
const headerName = fc.string().filter((name) => name !== '__proto__')
const headerSets = fc.dictionary(headerName, fc.string(), { noNullPrototype: true })

describe('a delivery in the spool', () => {
  it('is the same when it is read, to the byte, whatever it holds', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 300 }),
        fc.option(fc.string({ unit: 'grapheme' })),
        headerSets,
        fc.option(fc.date({ noInvalidDate: true, min: new Date(0), max: new Date(4e12) })),
        (body, payload, headers, sourceVersion) => {
          const event = { ...spooledEvent(1), rawBody: Buffer.from(body), payload, headers, sourceVersion }
          expect(readSpooled(writeSpooled({ event, spooledAt }))).toEqual({
            spooledAt,
            event: { ...event, foldKey: null },
          })
        },
      ),
    )
  })

  it('keeps the key with its nonce, so that the id is that of the answer, and folds into nothing', () => {
    const event = {
      ...spooledEvent(1),
      idempotencyKey: '1:product:7:update:::digest:nonce',
      foldKey: '1:product:7',
    }
    expect(readSpooled(writeSpooled({ event, spooledAt })).event).toMatchObject({
      id: event.id,
      idempotencyKey: event.idempotencyKey,
      foldKey: null,
    })
  })

  it('keeps a payload that is the body itself only once', () => {
    const event = spooledEvent(1)
    const other = { ...event, payload: `${String(event.payload)} ` }
    expect(
      writeSpooled({ event: other, spooledAt }).length - writeSpooled({ event, spooledAt }).length,
    ).toBeGreaterThan(event.rawBody.length - 10)
  })

  it.each([
    ['nothing', Buffer.alloc(0)],
    ['no JSON', Buffer.from('\0\0\0\x02{]')],
    ['facts of another version', Buffer.from('\0\0\0\x0f{"version":"2"}')],
    ['a length beyond the end', Buffer.from('\xff\xff\xff\xff{}', 'latin1')],
  ])('is not made of %s', (_, record) => {
    expect(() => readSpooled(record)).toThrow(UnreadableRecord)
  })
})

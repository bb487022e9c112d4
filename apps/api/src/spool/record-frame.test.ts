import fc from 'fast-check'
import { frameBytes, frameRecord, readFrames } from './record-frame.ts'

const key = '00112233445566778899aabbccddeeff'

/** Bodies of all kinds, among them such as begin like a record. */
const record = fc
  .tuple(fc.boolean(), fc.uint8Array({ maxLength: 200 }))
  .map(([isSly, bytes]) => Buffer.concat([Buffer.from(isSly ? 'TDS\x01\0\0\0\x05' : ''), bytes]))
const records = fc.array(record, { minLength: 1, maxLength: 12 })

describe('the format of the spool', () => {
  it('gives back every record, in order', () => {
    fc.assert(
      fc.property(records, (written) => {
        const { records: read, torn } = readFrames(segmentOf(written), key)
        expect(read.map(({ record: one }) => one)).toEqual(written)
        expect(torn).toEqual([])
      }),
    )
  })

  it('detects a cut at any byte, and reads every record before it', () => {
    fc.assert(
      fc.property(records, fc.nat(), (written, at) => {
        const segment = segmentOf(written)
        const cut = at % segment.length
        const whole = wholeWithin(written, cut)
        const { records: read, torn } = readFrames(segment.subarray(0, cut), key)
        expect(read.map(({ record: one }) => one)).toEqual(written.slice(0, whole.count))
        expect(torn).toEqual(whole.end === cut ? [] : [{ start: whole.end, end: cut }])
      }),
      { numRuns: 500 },
    )
  })

  it('detects any changed byte, and reads every other record', () => {
    fc.assert(
      fc.property(records, fc.nat(), fc.integer({ min: 1, max: 255 }), (written, at, change) => {
        const segment = segmentOf(written)
        const place = at % segment.length
        segment[place] = (segment[place] ?? 0) ^ change
        const { count, end } = wholeWithin(written, place)
        const { records: read, torn } = readFrames(segment, key)
        expect(read.map(({ record: one }) => one)).toEqual(written.filter((_, index) => index !== count))
        expect(torn).toEqual([{ start: end, end: end + frameBytes + (written[count]?.length ?? 0) }])
      }),
      { numRuns: 500 },
    )
  })

  it('detects records that stand in the wrong place, and the zeros that a crash may leave behind', () => {
    const [first, second] = [Buffer.from('first'), Buffer.from('second')]
    const moved = Buffer.concat([
      frameRecord(second, { key, offset: 45 }),
      frameRecord(first, { key, offset: 0 }),
    ])
    expect(readFrames(moved, key)).toMatchObject({ records: [], torn: [{ start: 0, end: moved.length }] })
    const padded = Buffer.concat([segmentOf([first]), Buffer.alloc(4096)])
    expect(readFrames(padded, key).records).toEqual([{ record: first, offset: 0 }])
    expect(readFrames(padded, key).torn).toEqual([{ start: 45, end: padded.length }])
  })

  it('takes no bytes inside a damaged record for a record, however they look', () => {
    const forged = frameRecord(Buffer.from('forged'), { key: 'a guess at the key', offset: 50 })
    const segment = segmentOf([Buffer.concat([Buffer.alloc(10), forged]), Buffer.from('sound')])
    segment[41] = 1
    expect(readFrames(segment, key).records.map(({ record: one }) => one)).toEqual([Buffer.from('sound')])
  })

  it('gives up on damage that looks like ten thousand records in little time', () => {
    const bait = Buffer.concat(Array.from({ length: 10_000 }, () => Buffer.from('TDS\x01\0\x01\0\0')))
    const segment = segmentOf([bait, Buffer.from('behind')])
    segment[0] = 0
    const startedAt = performance.now()
    const { torn } = readFrames(segment, key)
    expect(performance.now() - startedAt).toBeLessThan(2000)
    expect(torn).toEqual([{ start: 0, end: segment.length }])
  })
})

function segmentOf(written: readonly Buffer[]): Buffer {
  let offset = 0
  const frames = written.map((one) => {
    const frame = frameRecord(one, { key, offset })
    offset += frame.length
    return frame
  })
  return Buffer.concat(frames)
}

/** How many records end before this byte, and where the last of them ends. */
function wholeWithin(written: readonly Buffer[], byte: number): { count: number; end: number } {
  let end = 0
  let count = 0
  for (const one of written) {
    if (end + frameBytes + one.length > byte) break
    end += frameBytes + one.length
    count += 1
  }
  return { count, end }
}

import { hash } from 'node:crypto'

/** Where a record lies: in which segment, by the secret in the segment's name, and at which byte of it. */
export interface FramePlace {
  readonly key: string
  readonly offset: number
}

/** A part of a segment that is no record. */
export interface TornPart {
  readonly start: number
  /** The byte behind it. */
  readonly end: number
}

/** A sound record and where it begins. */
export interface FramedRecord {
  readonly record: Buffer
  readonly offset: number
}

/** What a segment holds. */
export interface SegmentContent {
  /** All of it, damage included. */
  readonly bytes: Buffer
  /** The sound records, in the order in which they were written. */
  readonly records: readonly FramedRecord[]
  readonly torn: readonly TornPart[]
}

/** Begins every record; its last byte is the version of the format. */
const magic = Buffer.from('TDS\x01', 'latin1')
const lengthBytes = 4
const digestBytes = 32

/** Bytes that a record takes besides its own. */
export const frameBytes = magic.length + lengthBytes + digestBytes

/** A record larger than this is none of ours: a length that says so is damaged. */
const largestRecord = 2 ** 30

/** Places after damage at which a record is looked for; a body may be made to look like thousands of them, and each costs a digest. */
const mostAttempts = 64

/**
 * The record as it is written: magic, length, SHA-256, bytes. The digest covers the place too, and the segment's name is
 * random: no bytes that a sender chose, found where a damaged record was, can pass for a record.
 */
export function frameRecord(record: Buffer, place: FramePlace): Buffer {
  const length = Buffer.alloc(lengthBytes)
  length.writeUInt32BE(record.length)
  return Buffer.concat([magic, length, digestOf(record, place), record])
}

/**
 * Reads all records of a segment. What was cut off or changed is found by length and digest, and reading goes on at the
 * next sound record behind it.
 */
export function readFrames(segment: Buffer, key: string): SegmentContent {
  const records: FramedRecord[] = []
  const torn: TornPart[] = []
  let offset = 0
  while (offset < segment.length) {
    const record = recordAt(segment, { key, offset })
    if (record === null) {
      const end = nextRecord(segment, { key, offset })
      torn.push({ start: offset, end })
      offset = end
    } else {
      records.push({ record, offset })
      offset += frameBytes + record.length
    }
  }
  return { bytes: segment, records, torn }
}

function recordAt(segment: Buffer, { key, offset }: FramePlace): Buffer | null {
  const header = segment.subarray(offset, offset + frameBytes)
  if (header.length < frameBytes || !header.subarray(0, magic.length).equals(magic)) return null
  const length = header.readUInt32BE(magic.length)
  const start = offset + frameBytes
  if (length > largestRecord || start + length > segment.length) return null
  const record = segment.subarray(start, start + length)
  const digest = header.subarray(magic.length + lengthBytes)
  return digest.equals(digestOf(record, { key, offset })) ? record : null
}

/** Where the next sound record begins, or the end of the segment. */
function nextRecord(segment: Buffer, { key, offset }: FramePlace): number {
  let candidate = segment.indexOf(magic, offset + 1)
  for (let attempt = 0; candidate !== -1 && attempt < mostAttempts; attempt += 1) {
    if (recordAt(segment, { key, offset: candidate }) !== null) return candidate
    candidate = segment.indexOf(magic, candidate + 1)
  }
  return segment.length
}

function digestOf(record: Buffer, { key, offset }: FramePlace): Buffer {
  const place = Buffer.from(`${key}:${String(offset)}:${String(record.length)}:`)
  return hash('sha256', Buffer.concat([place, record]), 'buffer')
}

import type { MappedRecord } from '../entities/map-record.ts'
import type { IncomingChange } from './change.ts'
import { decide } from './decide.ts'
import type { RecordState } from './record-state.ts'

const second = 1_000_000
const now = 1_800_000_000 * second
const minute = 60 * second

function content(o: Partial<MappedRecord> = {}): MappedRecord {
  return {
    completeness: 'complete',
    columns: { name: 'tote', rate: '14.5' },
    customFields: '{}',
    children: {},
    version: (now - 10 * minute) / 1000,
    createdAt: null,
    raw: {},
    ...o,
  }
}

function stored(o: Partial<RecordState> = {}): RecordState {
  return {
    columns: { name: 'tote', rate: '14.5' },
    customFields: '{}',
    children: {},
    version: now - 10 * minute,
    completedVersion: now - 10 * minute,
    createdAt: null,
    readAt: now - 5 * minute,
    deletedAt: null,
    revision: 3,
    ...o,
  }
}

function webhook(record: MappedRecord): IncomingChange {
  return { origin: 'webhook', says: { kind: 'content', record }, cause: 'webhook', lookedAt: now }
}

function read(record: MappedRecord, lookedAt = now): IncomingChange {
  return { origin: 'detail', says: { kind: 'content', record }, cause: 'reconciliation', lookedAt }
}

function notThere(lookedAt = now): IncomingChange {
  return { origin: 'detail', says: { kind: 'not-there' }, cause: 'reconciliation', lookedAt }
}

const newerVersion = (now - minute) / 1000
const olderVersion = (now - 20 * minute) / 1000
const otherContent = { columns: { name: 'tote', rate: '15' } }

describe('decide', () => {
  describe('the body that the row keeps', () => {
    const kept = (o: Partial<MappedRecord>): IncomingChange => ({
      origin: 'stored',
      says: { kind: 'content', record: content(o) },
      cause: 'manual',
      lookedAt: now,
    })

    it('fills a living row, whatever version it has', () => {
      for (const version of [olderVersion, newerVersion, null])
        expect(decide(stored(), kept({ ...otherContent, version }), now)).toEqual({
          outcome: 'updated',
          cause: 'manual',
        })
    })

    it('moves nothing when nothing differs, creates nothing and revives nothing', () => {
      const unchanged = { outcome: 'unchanged', advances: false }
      expect(decide(stored(), kept({ version: newerVersion }), now)).toEqual(unchanged)
      expect(decide(null, kept(otherContent), now)).toEqual(unchanged)
      expect(decide(stored({ deletedAt: now }), kept(otherContent), now)).toEqual(unchanged)
    })
  })

  describe('a webhook', () => {
    it('creates a record that was never seen', () => {
      expect(decide(null, webhook(content()), now)).toEqual({ outcome: 'created', cause: 'webhook' })
    })

    it('updates when its version is newer and a carried value differs', () => {
      const incoming = webhook(content({ ...otherContent, version: newerVersion }))
      expect(decide(stored(), incoming, now)).toEqual({ outcome: 'updated', cause: 'webhook' })
    })

    it('only moves the version forward when nothing mapped differs', () => {
      const incoming = webhook(content({ version: newerVersion }))
      expect(decide(stored(), incoming, now)).toEqual({ outcome: 'unchanged', advances: true })
    })

    it('is stale when its version is older, whatever it carries', () => {
      const incoming = webhook(content({ ...otherContent, version: olderVersion }))
      expect(decide(stored(), incoming, now).outcome).toBe('stale')
    })

    it('is unchanged when version and carried values are the stored ones', () => {
      expect(decide(stored(), webhook(content()), now)).toEqual({ outcome: 'unchanged', advances: false })
    })

    it('completes a row of its version when it carries everything and everything agrees', () => {
      const row = stored({ completedVersion: null })
      expect(decide(row, webhook(content()), now)).toEqual({ outcome: 'unchanged', advances: true })
    })

    it.each([
      ['the same version with other content', content(otherContent), stored()],
      ['a thin body', content({ completeness: 'thin', columns: {} }), stored()],
      ['no version', content({ version: null }), stored()],
      ['a version more than five minutes ahead', content({ version: (now + 6 * minute) / 1000 }), stored()],
      ['anything against a tombstone', content({ version: newerVersion }), stored({ deletedAt: now })],
      ['a thin body of a record never seen', content({ completeness: 'thin' }), null],
      [
        'other content than a row without a version has, which may be older',
        content({ ...otherContent, version: olderVersion }),
        stored({ version: null }),
      ],
    ])('asks for a re-read on %s', (_case, record, row) => {
      expect(decide(row, webhook(record), now).outcome).toBe('reread')
    })

    it('gives its version to a row without one whose content it repeats', () => {
      const decision = decide(stored({ version: null }), webhook(content()), now)
      expect(decision).toEqual({ outcome: 'unchanged', advances: true })
    })

    it('trusts a version up to five minutes ahead', () => {
      const incoming = webhook(content({ ...otherContent, version: (now + 4 * minute) / 1000 }))
      expect(decide(stored(), incoming, now).outcome).toBe('updated')
    })

    it.each([
      ['a living record', stored()],
      ['a tombstone', stored({ deletedAt: now })],
      ['a record never seen', null],
    ])('that says deleted asks for a re-read of %s', (_case, row) => {
      const incoming: IncomingChange = {
        origin: 'webhook',
        says: { kind: 'deleted' },
        cause: 'webhook',
        lookedAt: now,
      }
      expect(decide(row, incoming, now).outcome).toBe('reread')
    })

    it('judges a partial body by what it carries alone', () => {
      const record = content({ completeness: 'partial', columns: { name: 'tote' }, version: newerVersion })
      expect(decide(stored(), webhook(record), now)).toEqual({ outcome: 'unchanged', advances: true })
    })
  })

  describe('a read', () => {
    it('is stale when it was sent before the source was last looked at, whatever it says', () => {
      const before = now - 6 * minute
      const incoming = read(content({ ...otherContent, version: newerVersion }), before)
      expect(decide(stored(), incoming, now).outcome).toBe('stale')
      expect(decide(stored(), notThere(before), now).outcome).toBe('stale')
    })

    it('is stale when a lagging answer has an older version', () => {
      const incoming = read(content({ ...otherContent, version: olderVersion }))
      expect(decide(stored(), incoming, now).outcome).toBe('stale')
    })

    it('calls other content under the same version drift', () => {
      expect(decide(stored(), read(content(otherContent)), now)).toEqual({
        outcome: 'updated',
        cause: 'drift',
      })
    })

    it('keeps its own cause when the row was never known completely', () => {
      const row = stored({ completedVersion: null })
      const decision = decide(row, read(content(otherContent)), now)
      expect(decision).toEqual({ outcome: 'updated', cause: 'reconciliation' })
    })

    it('without a version updates by the time of reading', () => {
      const incoming = read(content({ ...otherContent, version: null }))
      expect(decide(stored(), incoming, now)).toEqual({ outcome: 'updated', cause: 'reconciliation' })
      const early = read(content({ ...otherContent, version: null }), now - 5 * minute)
      expect(decide(stored(), early, now).outcome).toBe('stale')
    })

    it('moves the time of reading forward when nothing changed', () => {
      expect(decide(stored(), read(content()), now)).toEqual({ outcome: 'unchanged', advances: true })
    })

    it('that does not find a living record makes a tombstone', () => {
      expect(decide(stored(), notThere(), now)).toEqual({ outcome: 'deleted', cause: 'reconciliation' })
    })

    it('that does not find a record never seen makes a tombstone of the key alone', () => {
      expect(decide(null, notThere(), now)).toEqual({ outcome: 'deleted', cause: 'reconciliation' })
    })

    it('that does not find a tombstone changes nothing', () => {
      expect(decide(stored({ deletedAt: now }), notThere(), now).outcome).toBe('unchanged')
    })

    it('that finds a tombstone restores it, also at an older version', () => {
      const row = stored({ deletedAt: now - minute })
      expect(decide(row, read(content({ version: olderVersion })), now).outcome).toBe('restored')
    })

    it('sent in the very moment of the last look does not overrule it', () => {
      const sameMoment = now - 5 * minute
      expect(decide(stored(), read(content(otherContent), sameMoment), now).outcome).toBe('stale')
      expect(decide(stored(), notThere(sameMoment), now).outcome).toBe('stale')
      expect(decide(stored(), read(content(), sameMoment), now).outcome).toBe('unchanged')
    })
  })

  describe('absence from a complete scan', () => {
    const absent: IncomingChange = {
      origin: 'scan',
      says: { kind: 'not-there' },
      cause: 'reconciliation',
      lookedAt: now,
    }

    it('deletes nothing by itself: a living record is re-read', () => {
      expect(decide(stored(), absent, now).outcome).toBe('reread')
    })

    it('agrees with a tombstone', () => {
      expect(decide(stored({ deletedAt: now }), absent, now)).toEqual({
        outcome: 'unchanged',
        advances: false,
      })
    })
  })

  describe('two agreeing reads', () => {
    const seen = { revision: 3, deletedAt: null }

    it('take a version from the future back', () => {
      const row = stored({ version: now + 24 * 60 * minute, completedVersion: now + 24 * 60 * minute })
      const incoming = { ...read(content()), correction: seen }
      expect(decide(row, incoming, now)).toEqual({ outcome: 'updated', cause: 'correction' })
    })

    it('do nothing when the row changed after the first of them', () => {
      const incoming = { ...read(content(otherContent)), correction: { revision: 2, deletedAt: null } }
      expect(decide(stored(), incoming, now).outcome).toBe('stale')
    })

    it('bring a false tombstone back to life', () => {
      const row = stored({ deletedAt: now - minute })
      const incoming = { ...read(content()), correction: { revision: 3, deletedAt: now - minute } }
      expect(decide(row, incoming, now)).toEqual({ outcome: 'restored', cause: 'correction' })
    })
  })
})

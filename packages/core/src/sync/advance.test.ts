import type { MappedRecord } from '../entities/map-record.ts'
import { advance, owesCompletingRead } from './advance.ts'
import type { IncomingChange } from './change.ts'
import { decide } from './decide.ts'
import type { RecordState } from './record-state.ts'

const now = 1_800_000_000_000_000
const version = now - 60_000_000

const complete: RecordState = {
  columns: { reason: 'count', total: '62' },
  customFields: '{}',
  children: { lines: [{ line: '1' }] },
  version,
  completedVersion: version,
  createdAt: null,
  readAt: now - 1_000_000,
  deletedAt: null,
  revision: 1,
}

/** A row of a list that shows no times, as Zoho documents it for adjustments. */
function row(columns: MappedRecord['columns']): IncomingChange {
  const record: MappedRecord = {
    completeness: 'partial',
    columns,
    customFields: undefined,
    children: {},
    version: null,
    createdAt: null,
    raw: {},
  }
  return { origin: 'list', says: { kind: 'content', record }, cause: 'incremental', lookedAt: now }
}

describe('advance by a list row without a version', () => {
  it('keeps the version and owes a completing read when a value differs, because lines may differ too', () => {
    const after = advanced(row({ reason: 'damage' }))
    expect(after).toMatchObject({ version, columns: { reason: 'damage', total: '62' } })
    expect(after?.children).toEqual(complete.children)
    expect(after !== null && owesCompletingRead(after)).toBe(true)
  })

  it('owes nothing when nothing differs', () => {
    const after = advanced(row({ reason: 'count' }))
    expect(after).toMatchObject({ version, completedVersion: version, readAt: now, revision: 1 })
    expect(after !== null && owesCompletingRead(after)).toBe(false)
  })
})

describe('advance by a webhook that carries all but when the record was created', () => {
  const body: MappedRecord = {
    completeness: 'complete',
    columns: complete.columns,
    customFields: '{}',
    children: complete.children,
    version: now / 1000,
    createdAt: undefined,
    raw: {},
  }
  const webhook: IncomingChange = {
    origin: 'webhook',
    says: { kind: 'content', record: body },
    cause: 'webhook',
    lookedAt: now,
  }

  it('owes a completing read for a record that is new', () => {
    const after = advance(null, webhook, { decision: decide(null, webhook, now), now })
    expect(after).toMatchObject({ version: now, completedVersion: null, createdAt: null })
    expect(after !== null && owesCompletingRead(after)).toBe(true)
  })

  it('owes nothing where that is known', () => {
    const known = { ...complete, createdAt: version }
    const after = advance(known, webhook, { decision: decide(known, webhook, now), now })
    expect(after).toMatchObject({ version: now, completedVersion: now, createdAt: version })
  })

  it('owes nothing where the row was complete without it', () => {
    const after = advance(complete, webhook, { decision: decide(complete, webhook, now), now })
    expect(after).toMatchObject({ version: now, completedVersion: now, createdAt: null })
  })

  it('owes nothing where the webhook says that there is none', () => {
    const blank: IncomingChange = {
      ...webhook,
      says: { kind: 'content', record: { ...body, createdAt: null } },
    }
    const after = advance(null, blank, { decision: decide(null, blank, now), now })
    expect(after).toMatchObject({ version: now, completedVersion: now, createdAt: null })
  })
})

function advanced(incoming: IncomingChange): RecordState | null {
  return advance(complete, incoming, { decision: decide(complete, incoming, now), now })
}

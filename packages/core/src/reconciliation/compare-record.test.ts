import fc from 'fast-check'
import { entities } from '../entities/index.ts'
import { invoice } from '../entities/invoice.ts'
import { mapRecord, type MappedRecord } from '../entities/map-record.ts'
import { parseExactText, type ExactObject } from '../json/index.ts'
import { rowHash } from '../sync/row-hash.ts'
import type { StandingState } from '../sync/stored-states.ts'
import { exampleRecord } from '../testing/sync-world.ts'
import { answerDigest } from './answer-digest.ts'
import { compareRecord } from './compare-record.ts'
import { probableCause } from './probable-cause.ts'

describe('comparing a record', () => {
  it.each(entities.map((entity) => [entity.type, entity] as const))(
    'finds nothing about a %s that stands as it was told',
    (_, entity) => {
      const detail = mapRecord(entity, exampleRecord(entity, 'detail'), 'detail')
      const state = standing(detail)
      const listed = { ...detail, children: {}, customFields: undefined }
      expect(compareRecord(state, listed)).toBeNull()
      expect(compareRecord(state, detail)).toBeNull()
    },
  )

  it('finds every column, line and custom field that was changed by hand, whichever it is', () => {
    const detail = mapRecord(invoice, exampleRecord(invoice, 'detail'), 'detail')
    const damages: ((state: StandingState) => StandingState)[] = [
      ...Object.keys(detail.columns).map((name) => (state: StandingState) => ({
        ...state,
        columns: { ...state.columns, [name]: 'by hand' },
      })),
      (state) => ({ ...state, customFields: '{"by":"hand"}' }),
      (state) => ({ ...state, contentHash: null }),
      ...Object.keys(detail.children).map((table) => (state: StandingState) => ({
        ...state,
        children: { ...state.children, [table]: (state.children[table] ?? []).slice(1) },
      })),
    ]
    fc.assert(
      fc.property(fc.subarray(damages, { minLength: 1 }), (chosen) => {
        const damaged = chosen.reduce((state, damage) => damage(state), standing(detail))
        expect(compareRecord(damaged, { ...detail, customFields: undefined, children: {} })?.class).toBe(
          'damaged',
        )
      }),
    )
  })

  it('goes by the version first, then by what the body carries', () => {
    const detail = mapRecord(invoice, exampleRecord(invoice, 'detail'), 'detail')
    fc.assert(
      fc.property(fc.integer({ min: -5, max: 5 }), fc.boolean(), (seconds, changed) => {
        const listed = {
          ...detail,
          version: (detail.version ?? 0) + seconds * 1000,
          columns: { ...detail.columns, ...(changed ? { balance: '0.12' } : {}) },
        }
        const expected = seconds > 0 ? 'stale' : seconds < 0 ? 'ahead' : changed ? 'different' : undefined
        const finding = compareRecord(standing(detail), listed)
        expect(finding?.class).toBe(expected)
        if (finding !== null) expect(finding.fields).toEqual(changed ? ['balance'] : [])
      }),
    )
  })

  it('compares of the custom fields those that the list shows', () => {
    const detail = mapRecord(invoice, exampleRecord(invoice, 'detail'), 'detail')
    const state = standing({ ...detail, customFields: '{"cf_a":"1","cf_b":"2"}' })
    const listed = (value: string): MappedRecord => ({
      ...detail,
      customFields: undefined,
      raw: parseExactText(`{"custom_fields":[{"api_name":"cf_b","value":"${value}"}]}`).value as ExactObject,
    })
    expect(compareRecord(state, listed('2'))).toBeNull()
    expect(compareRecord(state, listed('3'))).toEqual({ class: 'different', fields: ['custom_fields'] })
  })

  it('takes a tombstone that Zoho lists for deleted here, and no row for missing', () => {
    const detail = mapRecord(invoice, exampleRecord(invoice, 'detail'), 'detail')
    expect(compareRecord({ ...standing(detail), deletedAt: 1 }, detail)?.class).toBe('deleted_here')
    expect(compareRecord(null, detail)?.class).toBe('missing_here')
  })
})

describe('the digest of an answer', () => {
  it('is the same exactly for what says the same, in whatever order', () => {
    const record = mapRecord(invoice, exampleRecord(invoice, 'detail'), 'detail')
    const columns = Object.fromEntries(Object.entries(record.columns).reverse())
    const digest = answerDigest({ kind: 'content', record })
    expect(answerDigest({ kind: 'content', record: { ...record, columns } })).toBe(digest)
    expect(answerDigest({ kind: 'content', record: { ...record, version: 1 } })).not.toBe(digest)
    expect(
      answerDigest({ kind: 'content', record: { ...record, columns: { ...columns, total: '1' } } }),
    ).not.toBe(digest)
    expect(answerDigest({ kind: 'not-there' })).not.toBe(digest)
  })
})

describe('the probable cause', () => {
  it.each([
    ['missing_here', null, 'no webhook was seen for it'],
    ['missing_here', 'updated', 'the row was removed outside TDS'],
    ['missing_in_zoho', null, 'written by hand: no change of TDS made this row'],
    ['missing_in_zoho', 'created', 'deleted or merged in Zoho without a delivery'],
    ['deleted_here', 'deleted', 'restored in Zoho without a delivery'],
    ['deleted_here', 'updated', 'marked as deleted by hand, outside TDS'],
  ] as const)('of %s after %s is: %s', (kind, change, cause) => {
    const evidence = { newest_webhook: null, waiting: false, last_change: change }
    expect(probableCause({ class: kind, theirVersion: null, evidence, onlyNumbers: false })).toBe(cause)
  })

  it('tells a webhook that waits, one that came in vain and one that never came apart', () => {
    const told = (newest: string | null, waiting: boolean) =>
      probableCause({
        class: 'stale',
        theirVersion: Date.parse('2026-07-01T00:00:00Z') * 1000,
        evidence: { newest_webhook: newest, waiting, last_change: 'created' },
        onlyNumbers: false,
      })
    expect(told(null, true)).toBe('its webhook is here and waits to be applied')
    expect(told('2026-07-01 00:00:00+00', false)).toBe(
      'a webhook for it came and was not applied: see its event',
    )
    expect(told('2026-06-30 00:00:00+00', false)).toBe('no webhook was seen for that version')
  })
})

/** The record as it stands once applied. */
function standing(record: MappedRecord): StandingState {
  const { columns, children, customFields = '{}' } = record
  const content = { columns, children, customFields }
  const version = record.version === null ? null : record.version * 1000
  return {
    ...content,
    version,
    completedVersion: version,
    createdAt: null,
    readAt: version,
    deletedAt: null,
    revision: 1,
    contentHash: rowHash(content),
  }
}

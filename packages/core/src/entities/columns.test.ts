import fc from 'fast-check'
import { ExactNumber, parseExactText, type ExactJson } from '../json/index.ts'
import { readColumn } from './columns.ts'
import { readCustomFields } from './custom-fields.ts'
import type { ColumnKind } from './define-entity.ts'
import { UnreadableValue } from './unreadable-value.ts'

const kinds: readonly ColumnKind[] = [
  'text',
  'id',
  'decimal',
  'integer',
  'date',
  'boolean',
  'discount',
  'json',
  'address',
]

describe('readColumn', () => {
  it.each(kinds)('stores NULL for a blank in a column of kind %s', (kind) => {
    expect(readColumn(kind, '', 'field')).toBeNull()
    expect(readColumn(kind, null, 'field')).toBeNull()
  })

  it.each<[ColumnKind, ExactJson, string]>([
    ['decimal', new ExactNumber('14.50'), '14.5'],
    ['decimal', new ExactNumber('1e2'), '100'],
    ['decimal', new ExactNumber('-0'), '0'],
    ['decimal', new ExactNumber('0.1'), '0.1'],
    ['decimal', new ExactNumber('12345678901234567890.123456789'), '12345678901234567890.123456789'],
    ['decimal', '362.54', '362.54'],
    ['integer', new ExactNumber('3.0'), '3'],
    ['id', new ExactNumber('9007199254740993'), '9007199254740993'],
    ['id', '573914000000101014', '573914000000101014'],
    ['text', new ExactNumber('00'), '00'],
    ['date', '2024-02-29', '2024-02-29'],
    ['boolean', true, 'true'],
    ['boolean', 'false', 'false'],
    ['discount', '5%', '5%'],
    ['discount', '5.50 %', '5.5%'],
    ['discount', new ExactNumber('7.0'), '7'],
    ['json', parseExactText('{"b":1.0,"a":"x"}').value, '{"a":"x","b":1}'],
    ['address', parseExactText('{"city":"Cork","zip":"T12"}').value, '{"city":"Cork","zip":"T12"}'],
    ['address', parseExactText('{"city":"Cork","zipcode":"T12"}').value, '{"city":"Cork","zip":"T12"}'],
    ['address', parseExactText('{"zip":"","zipcode":"T12"}').value, '{"zip":"T12"}'],
    ['address', parseExactText('{"zip":"T12","zipcode":""}').value, '{"zip":"T12"}'],
    ['address', parseExactText('{"zipcode":""}').value, '{"zip":""}'],
    ['integer', new ExactNumber('-3'), '-3'],
  ])('reads a %s exactly: %o → %s', (kind, value, stored) => {
    expect(readColumn(kind, value, 'field')).toBe(stored)
  })

  it.each<[ColumnKind, ExactJson, string]>([
    ['decimal', 'None', 'bad_money'],
    ['decimal', '1,50', 'bad_money'],
    ['decimal', ' 1', 'bad_money'],
    ['decimal', '0x10', 'bad_money'],
    ['decimal', true, 'bad_money'],
    ['decimal', [], 'bad_money'],
    ['integer', new ExactNumber('1.5'), 'bad_integer'],
    ['integer', new ExactNumber('2147483648'), 'bad_integer'],
    ['id', new ExactNumber('1.5'), 'bad_id'],
    ['id', false, 'bad_id'],
    ['text', true, 'bad_text'],
    ['text', [], 'bad_text'],
    ['date', '2026-02-30', 'bad_date'],
    ['date', '0000-05-05', 'bad_date'],
    ['date', '21/07/2026', 'bad_date'],
    ['date', '2026-07-21T10:00:00Z', 'bad_date'],
    ['date', new ExactNumber('20260721'), 'bad_date'],
    ['boolean', 'yes', 'bad_boolean'],
    ['discount', '5%%', 'bad_money'],
    ['discount', '%', 'bad_money'],
    ['json', 'text', 'bad_object'],
    ['address', 'text', 'bad_object'],
    ['address', [], 'bad_object'],
  ])('refuses %s %o by the name of what is wrong, never with a default', (kind, value, code) => {
    expect(() => readColumn(kind, value, 'rate')).toThrow(
      expect.objectContaining({ code, disposition: 'dead-letter', facts: { field: 'rate' } }),
    )
  })

  it('never repeats the value in its message, because messages reach logs', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 6 }), (secret) => {
        fc.pre(!/^[\d.eE+-]+$/.test(secret))
        try {
          readColumn('decimal', secret, 'rate')
        } catch (error) {
          expect((error as UnreadableValue).message.includes(secret)).toBe(false)
        }
      }),
    )
  })

  it('gives equal text exactly for equal numbers', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n }),
        fc.nat(12),
        fc.nat(4),
        (digits, scale, zeros) => {
          const plain = decimal(digits, scale)
          const padded = plain.includes('.') ? `${plain}${'0'.repeat(zeros)}` : plain
          expect(readColumn('decimal', new ExactNumber(padded), 'x')).toBe(readColumn('decimal', plain, 'x'))
          const other = decimal(digits + 1n, scale)
          expect(readColumn('decimal', other, 'x')).not.toBe(readColumn('decimal', plain, 'x'))
        },
      ),
    )
  })
})

describe('readCustomFields', () => {
  it('keeps API name and value, without the localised copy', () => {
    const value = parseExactText(
      '[{"api_name":"cf_b","value":"x","value_formatted":"X"},{"customfield_id":"7","value":12.50},{"label":"Old","value":""}]',
    ).value
    expect(readCustomFields(value)).toBe('{"7":12.5,"Old":null,"cf_b":"x"}')
  })

  it.each(['{"a":1}', '[{"value":"x"}]', '["x"]', '[{"api_name":"a"},{"api_name":"a"}]'])(
    'refuses %s',
    (text) => {
      expect(() => readCustomFields(parseExactText(text).value)).toThrow(UnreadableValue)
    },
  )
})

function decimal(digits: bigint, scale: number): string {
  const sign = digits < 0n ? '-' : ''
  const text = (digits < 0n ? -digits : digits).toString().padStart(scale + 1, '0')
  return scale === 0 ? sign + text : `${sign}${text.slice(0, -scale)}.${text.slice(-scale)}`
}

import { ExactNumber, parseExactText, type ExactObject } from '../json/index.ts'
import { exampleRecord } from '../testing/sync-world.ts'
import { creditNote } from './credit-note.ts'
import { mapRecord } from './map-record.ts'

describe('a credit note', () => {
  it("is no credit note of anybody's whatever salesperson a list row makes up", () => {
    const row = parseExactText(creditNote.example.listRow).value as ExactObject
    expect(row).toMatchObject({ salesperson_id: '-1', salesperson_name: 'Others' })
    const expected = mapRecord(creditNote, row, 'list')
    const without: ExactObject = { ...row }
    Reflect.deleteProperty(without, 'salesperson_id')
    expect(mapRecord(creditNote, without, 'list').columns).toEqual(expected.columns)
  })

  it('keeps parts of a unit and their amounts digit for digit', () => {
    const mapped = mapRecord(creditNote, exampleRecord(creditNote, 'detail'), 'detail')
    expect(mapped.children['tds_credit_note_lines']?.[1]).toMatchObject({
      position: '2',
      quantity: '0.5',
      rate: '40.25',
      item_total: '20.13',
    })
  })

  it('that is used up has a balance of zero, which is not a blank', () => {
    const used = exampleRecord(creditNote, 'detail', { status: 'closed', balance: new ExactNumber('0.00') })
    expect(mapRecord(creditNote, used, 'detail').columns).toMatchObject({ status: 'closed', balance: '0' })
    const unsaid = exampleRecord(creditNote, 'detail', { balance: '' })
    expect(mapRecord(creditNote, unsaid, 'detail').columns['balance']).toBeNull()
  })

  it('of a webhook without taxes or lines is partial, and carries nothing for them', () => {
    const body = exampleRecord(creditNote, 'webhook', { line_items: undefined, tax_total: undefined })
    const mapped = mapRecord(creditNote, body, 'webhook')
    expect(mapped.completeness).toBe('partial')
    expect(mapped.children).toEqual({})
    expect(mapped.columns).not.toHaveProperty('tax_total')
  })
})

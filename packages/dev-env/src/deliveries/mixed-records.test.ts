import { entities, type MappedRecord, mapRecord, readZohoTime, recordOf } from '@tds/core'

import { customerMix, mixedRecords, type RecordBody } from './mixed-records.ts'

describe('mixedRecords', () => {
  const records = take(8000)

  it('have the mix of the customer in every fifty: 60 % invoices, 30 % items, 10 % of the five others', () => {
    for (let at = 0; at < records.length; at += 50) {
      expect(countByType(records.slice(at, at + 50))).toEqual(customerMix)
    }
    expect(customerMix).toEqual({
      invoice: 30,
      product: 15,
      customer: 1,
      bill: 1,
      credit_note: 1,
      stock_adjustment: 1,
      price_list: 1,
    })
  })

  it('tell of each record once, over several worlds', () => {
    expect(new Set(records.map(({ id }) => id)).size).toBe(records.length)
    expect(new Set(records.map(({ body }) => body)).size).toBe(records.length)
  })

  it('are complete and say their version, so that none of them needs a read', () => {
    const read = records.map(readBody)
    expect(new Set(read.map(({ completeness }) => completeness))).toEqual(new Set(['complete']))
    expect(read.map(({ version }) => version)).toEqual(
      records.map(({ version }) => readZohoTime(version).getTime()),
    )
  })

  it('name as their references what is in the same world', () => {
    const customers = new Set(records.map(({ body }) => /"customer_id":"(\d{9})/.exec(body)?.[1]))
    expect(customers).toEqual(new Set([undefined, '460320000', '460320001']))
  })

  it('are the same for the same seed', () => {
    expect(take(60)).toEqual(records.slice(0, 60))
    expect(take(60, 'another')).not.toEqual(records.slice(0, 60))
  })
})

function take(count: number, seed?: string): RecordBody[] {
  const all = mixedRecords(seed)
  return Array.from({ length: count }, () => all.next().value)
}

function readBody({ type, body }: RecordBody): MappedRecord {
  const entity = entities.find((candidate) => candidate.type === type)
  if (entity === undefined) throw new Error(`no definition of ${type}`)
  return mapRecord(entity, recordOf(entity, body).record, 'webhook')
}

function countByType(records: readonly RecordBody[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const { type } of records) counts[type] = (counts[type] ?? 0) + 1
  return counts
}

import type { Transaction } from '@tds/db'
import { mapRecord } from '../entities/map-record.ts'
import { product } from '../entities/product.ts'
import { exampleRecord, testOrganization } from '../testing/sync-world.ts'
import { applyChanges, type RecordChange } from './apply-changes.ts'

const now = 1_800_000_000_000_000

describe('applyChanges', () => {
  it('inserts new records in key order, so that two workers with the same ones never wait in a circle', async () => {
    const inserted: string[] = []
    const tx: Transaction = {
      query: (_text, values = [], { name = '' } = {}) => {
        if (name !== 'insert_records:tds_products') return Promise.resolve({ rows: [], rowCount: 0 })
        const rows = JSON.parse(String(values[0])) as { zoho_id: string }[]
        inserted.push(...rows.map((row) => row.zoho_id))
        return Promise.resolve({ rows: [], rowCount: rows.length })
      },
    }
    const results = await applyChanges(tx, ['3', '1', '2'].map(changeOf), now)
    expect(inserted).toEqual(['1', '2', '3'])
    expect(results.map((result) => result.decision.outcome)).toEqual(['created', 'created', 'created'])
  })
})

function changeOf(zohoId: string): RecordChange {
  const record = exampleRecord(product, 'detail', { item_id: zohoId })
  return {
    entity: product,
    organizationId: testOrganization,
    zohoId,
    origin: 'detail',
    says: { kind: 'content', record: mapRecord(product, record, 'detail') },
    cause: 'backfill',
    lookedAt: now,
    eventId: null,
    runId: null,
    actor: 'worker',
    reason: null,
    requestId: null,
  }
}

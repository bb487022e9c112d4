import {
  applyChanges,
  checkQuality,
  entities,
  mapRecord,
  parseExactText,
  qualityRules,
  writeNoticedDrift,
  type EntityDefinition,
  type ExactObject,
  type RecordChange,
} from '@tds/core'
import type { Database } from '@tds/db'
import { createTestDatabase, type TestDatabase } from '@tds/db/testing'
import { createSimulator, writeJson, type Simulator } from '@tds/zoho-simulator'

/**
 * The simulator's arithmetic is its own, so that a rule which misreads how Zoho adds up shows here, as a false finding.
 */
describe('a world in which everything is in order', () => {
  let database: TestDatabase
  let db: Database
  let simulator: Simulator

  beforeAll(async () => {
    database = await createTestDatabase({ poolSize: 2 })
    db = database.db
    simulator = createSimulator({ seed: 7, size: { ...size } })
    for (const entity of entities) await mirror(entity)
    await judgeAll()
  })
  afterAll(async () => {
    await database.drop()
  })

  it('has no findings', async () => {
    expect(await openFindings()).toEqual([])
  })

  it('has no field that comes otherwise than the definitions say', async () => {
    await writeNoticedDrift(db)
    const { rows } = await db.query('SELECT entity_type, path, kind, json_type FROM tds_v_open_schema_drift')
    expect(rows).toEqual([])
  })

  it('has exactly the findings that damage brings, and none again once it is mended', async () => {
    const damage = [
      `UPDATE tds_invoices SET total = total + 0.01 WHERE zoho_id = (SELECT min(zoho_id) FROM tds_invoices)`,
      `DELETE FROM tds_bill_lines WHERE bill_zoho_id = (SELECT max(bill_zoho_id) FROM tds_bill_lines)`,
      `UPDATE tds_credit_notes SET currency_code = 'QQQ' WHERE zoho_id = (SELECT max(zoho_id) FROM tds_credit_notes)`,
      `UPDATE tds_products SET stock_on_hand = -1
        WHERE zoho_id = (SELECT min(product_zoho_id) FROM tds_product_stock)`,
      `UPDATE tds_products SET sku = 'the same' WHERE zoho_id IN
        (SELECT zoho_id FROM tds_products WHERE status = 'active' ORDER BY zoho_id LIMIT 2)`,
      `UPDATE tds_products SET rate = NULL WHERE zoho_id = (${unlistedItem})`,
      `DELETE FROM tds_customers WHERE zoho_id = (SELECT max(vendor_zoho_id) FROM tds_bills)`,
    ]
    await db.query(`CREATE TABLE vendor_bills AS SELECT count(*) AS bills FROM tds_bills
                     WHERE vendor_zoho_id = (SELECT max(vendor_zoho_id) FROM tds_bills)`)
    for (const statement of damage) expect((await db.query(statement)).rowCount).toBeGreaterThan(0)
    await judgeAll()
    const { rows } = await db.query<{ bills: string }>('SELECT bills FROM vendor_bills')
    expect(await openFindings()).toEqual([
      { rule: 'duplicate_sku', entity_type: 'product', subject: 'sku=the same', findings: '1' },
      { rule: 'line_sums', entity_type: 'bill', subject: 'sub_total', findings: '1' },
      { rule: 'line_sums', entity_type: 'invoice', subject: 'total', findings: '1' },
      {
        rule: 'missing_reference',
        entity_type: 'bill',
        subject: 'vendor_zoho_id',
        findings: rows[0]?.bills,
      },
      { rule: 'negative_stock', entity_type: 'product', subject: 'stock_on_hand', findings: '1' },
      { rule: 'stock_by_location', entity_type: 'product', subject: 'stock_on_hand', findings: '1' },
      { rule: 'unknown_currency', entity_type: 'credit_note', subject: 'currency_code', findings: '1' },
      { rule: 'unpriced_item', entity_type: 'product', subject: 'price', findings: '1' },
    ])
    const found = new Set((await openFindings()).map((finding) => finding['rule']))
    expect(found).toEqual(new Set(qualityRules.map((rule) => rule.name)))

    for (const entity of entities) await mirror(entity)
    await judgeAll()
    expect(await openFindings()).toEqual([])
  })

  async function mirror(entity: EntityDefinition): Promise<void> {
    const records = simulator.truth(entity.type).records
    for (let from = 0; from < records.length; from += 100) {
      const changes = records
        .slice(from, from + 100)
        .map(({ id, detail }) => changeOf(entity, id, writeJson(detail)))
      await db.transaction((tx) => applyChanges(tx, changes, lookedAt))
    }
    lookedAt += 1_000_000
  }

  function changeOf(entity: EntityDefinition, zohoId: string, detail: string): RecordChange {
    const record = mapRecord(entity, parseExactText(detail).value as ExactObject, 'detail')
    return {
      entity,
      zohoId,
      organizationId: simulator.access.organizationId,
      origin: 'detail',
      says: { kind: 'content', record },
      cause: 'backfill',
      lookedAt,
      eventId: null,
      runId: null,
      actor: 'test',
      reason: null,
      requestId: null,
    }
  }

  /** Walks over everything, because damage by hand leaves nothing in the audit trail. */
  async function judgeAll(): Promise<void> {
    await checkQuality(db)
    await db.query('UPDATE tds_quality_walks SET due_at = tds_now()')
    for (let walking = 1; walking === 1;) walking = (await checkQuality(db))?.walking ?? 0
  }

  async function openFindings(): Promise<Record<string, string>[]> {
    const { rows } = await db.query<Record<string, string>>(
      `SELECT rule, entity_type, CASE WHEN related_id IS NULL THEN subject ELSE split_part(subject, ' ', 1) END AS subject,
              count(*) AS findings
         FROM tds_v_open_quality_findings GROUP BY 1, 2, 3 ORDER BY 1, 2::text, 3`,
    )
    return rows
  }
})

const size = {
  items: 400,
  activeItems: 300,
  itemsWithStock: 120,
  customers: 150,
  invoices: 300,
  bills: 60,
  creditNotes: 40,
  stockAdjustments: 30,
}

/** An item in use whose only price is its own. */
const unlistedItem = `
  SELECT max(t.zoho_id) FROM tds_products t
   WHERE t.status = 'active' AND t.item_type <> 'purchases' AND t.rate IS NOT NULL
     AND t.zoho_id NOT IN (SELECT i.item_zoho_id FROM tds_price_list_items i)`

// A look at the source, in microseconds; the next one is later.
let lookedAt = Date.parse('2026-07-01T00:00:00Z') * 1000

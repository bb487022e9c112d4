import { createTestDatabase, type TestDatabase } from '@tds/db/testing'
import { invoice } from '../entities/invoice.ts'
import { product } from '../entities/product.ts'
import { exampleRecord } from '../testing/sync-world.ts'
import { noticeDrift, takeNoticedDrift } from './notice-drift.ts'
import { writeNoticedDrift } from './write-drift.ts'

describe('writeNoticedDrift', () => {
  let database: TestDatabase

  beforeEach(async () => {
    takeNoticedDrift()
    database = await createTestDatabase({ poolSize: 2 })
  })
  afterEach(async () => {
    await database.drop()
  })

  it('keeps first sight, last sight, count and the first sample', async () => {
    noticeDrift(product, exampleRecord(product, 'detail', { shade: 'sand' }), 'detail')
    expect(await writeNoticedDrift(database.db)).toEqual({ fields: 1 })
    noticeDrift(product, exampleRecord(product, 'detail', { shade: 'grey' }), 'detail')
    noticeDrift(product, exampleRecord(product, 'detail', { shade: 'grey' }), 'detail')
    await writeNoticedDrift(database.db)
    const { rows } = await database.db.query(
      `SELECT path, kind, json_type, times_seen, sample, last_seen_at > first_seen_at AS later FROM tds_v_open_schema_drift
         JOIN tds_schema_drift USING (entity_type, shape, path, kind, json_type, times_seen, sample, first_seen_at, last_seen_at)`,
    )
    expect(rows).toEqual([
      { path: 'shade', kind: 'unknown', json_type: 'string', times_seen: '3', sample: '"sand"', later: true },
    ])
  })

  it('shows no field any more that a person has acknowledged, and goes on counting it', async () => {
    const record = exampleRecord(product, 'detail', { shade: 'sand' })
    noticeDrift(product, record, 'detail')
    await writeNoticedDrift(database.db)
    await database.db.query(
      `UPDATE tds_schema_drift SET acknowledged_at = tds_now(), acknowledged_by = 'Nora' WHERE path = 'shade'`,
    )
    noticeDrift(product, record, 'detail')
    await writeNoticedDrift(database.db)
    expect((await database.db.query('SELECT FROM tds_v_open_schema_drift')).rowCount).toBe(0)
    const { rows } = await database.db.query('SELECT times_seen FROM tds_schema_drift')
    expect(rows).toEqual([{ times_seen: '2' }])
  })

  it('lets the table have 500 fields of a type and counts the others in one row, whoever writes', async () => {
    for (let round = 0; round < 3; round += 1) {
      const junk = Object.fromEntries(
        Array.from({ length: 400 }, (_, index) => [`junk ${String(round)} ${String(index)}`, null]),
      )
      noticeDrift(product, exampleRecord(product, 'detail', junk), 'detail')
      await writeNoticedDrift(database.db)
    }
    noticeDrift(product, exampleRecord(product, 'detail', { 'junk 0 1': null }), 'detail')
    noticeDrift(invoice, exampleRecord(invoice, 'detail', { genuine: null }), 'detail')
    await writeNoticedDrift(database.db)
    const { rows } = await database.db.query(
      `SELECT entity_type, count(*) FILTER (WHERE kind <> 'overflow') AS fields,
              sum(times_seen) FILTER (WHERE kind = 'overflow') AS beyond, sum(times_seen) AS sightings
         FROM tds_schema_drift GROUP BY entity_type ORDER BY entity_type`,
    )
    expect(rows).toEqual([
      { entity_type: 'product', fields: '500', beyond: '700', sightings: '1201' },
      { entity_type: 'invoice', fields: '1', beyond: null, sightings: '1' },
    ])
  })

  it('keeps what it could not write for the next time', async () => {
    await database.db.query('ALTER TABLE tds_schema_drift RENAME TO elsewhere')
    noticeDrift(product, exampleRecord(product, 'detail', { shade: 'sand' }), 'detail')
    await expect(writeNoticedDrift(database.db)).rejects.toThrow()
    await database.db.query('ALTER TABLE elsewhere RENAME TO tds_schema_drift')
    expect(await writeNoticedDrift(database.db)).toEqual({ fields: 1 })
  })
})

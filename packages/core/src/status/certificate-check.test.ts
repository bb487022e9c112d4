import type { CertificateAge, Queryable } from '@tds/db'
import type { HealthResult } from '@tds/runtime'
import { product } from '../entities/product.ts'
import { createListedWorld } from '../testing/listed-world.ts'
import { certificateCheck } from './certificate-check.ts'

describe('the check of certificates', () => {
  it('says so plainly before anything was loaded', async () => {
    expect(await judged([age({})])).toMatchObject({
      status: 'healthy',
      detail: 'Nothing was loaded from Zoho yet, so there is nothing to prove.',
    })
  })

  it('is degraded, and names the type, from 36 hours after the last certificate or the first load on', async () => {
    const hour = 3600
    const overdue = 'No certificate of the last 36 hours for bill.'
    const judge = (issued: number | null, loaded: number) =>
      judged([
        age({ entity_type: 'bill', issued_seconds: issued, loaded_seconds: loaded }),
        age({ issued_seconds: 1, loaded_seconds: 99 * hour }),
      ])
    expect(await judge(36 * hour, 99 * hour)).toMatchObject({ status: 'degraded', detail: overdue })
    expect((await judge(36 * hour - 1, 99 * hour)).status).toBe('healthy')
    expect(await judge(null, 36 * hour)).toMatchObject({ status: 'degraded', detail: overdue })
    expect((await judge(null, 36 * hour - 1)).status).toBe('healthy')
  })

  it('tells of differences that a certificate leaves, and of types that are not loaded', async () => {
    const { status, detail } = await judged([
      age({ issued_seconds: 1, loaded_seconds: 1, left: 3 }),
      age({ entity_type: 'bill' }),
    ])
    expect(status).toBe('healthy')
    expect(detail).toBe(
      'The latest certificates leave 3 differences that are not repaired. Not loaded yet: bill.',
    )
  })

  it('follows what runs really did', async () => {
    const world = await createListedWorld(product)
    try {
      const certificates = certificateCheck(world.db)
      expect((await certificates.check()).detail).toMatch(/^Nothing was loaded/)
      world.put('7')
      await world.load()
      expect((await certificates.check()).status).toBe('healthy')
      await world.clock.advance('36 hours')
      expect(await certificates.check()).toMatchObject({
        status: 'degraded',
        detail: 'No certificate of the last 36 hours for product.',
      })
      await world.reconcile()
      expect((await certificates.check()).status).toBe('healthy')
    } finally {
      await world.drop()
    }
  })
})

/** What the check says where the database tells of these ages. */
async function judged(ages: readonly CertificateAge[]): Promise<HealthResult> {
  const rows = [...ages] as object[]
  const db = { query: () => Promise.resolve({ rows, rowCount: rows.length }) } as Queryable
  return certificateCheck(db).check()
}

function age(o: Partial<CertificateAge>): CertificateAge {
  return {
    organization_id: '1',
    entity_type: 'product',
    issued_seconds: null,
    loaded_seconds: null,
    left: 0,
    ...o,
  }
}

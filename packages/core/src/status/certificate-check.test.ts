import type { CertificateAge } from '@tds/db'
import { createListedWorld } from '../testing/listed-world.ts'
import { product } from '../entities/product.ts'
import { certificateCheck, judgeCertificates } from './certificate-check.ts'

describe('the check of certificates', () => {
  it('says so plainly before anything was loaded', () => {
    expect(judgeCertificates([age({})])).toMatchObject({
      status: 'healthy',
      detail: 'Nothing was loaded from Zoho yet, so there is nothing to prove.',
    })
  })

  it('is degraded, and names the type, from 36 hours after the last certificate or the first load on', () => {
    const hour = 3600
    const overdue = 'No certificate of the last 36 hours for bill.'
    const judge = (issued: number | null, loaded: number) =>
      judgeCertificates([
        age({ entity_type: 'bill', issued_seconds: issued, loaded_seconds: loaded }),
        age({ issued_seconds: 1, loaded_seconds: 99 * hour }),
      ])
    expect(judge(36 * hour, 99 * hour)).toMatchObject({ status: 'degraded', detail: overdue })
    expect(judge(36 * hour - 1, 99 * hour).status).toBe('healthy')
    expect(judge(null, 36 * hour)).toMatchObject({ status: 'degraded', detail: overdue })
    expect(judge(null, 36 * hour - 1).status).toBe('healthy')
  })

  it('tells of differences that a certificate leaves, and of types that are not loaded', () => {
    const { status, detail } = judgeCertificates([
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
      const { check } = certificateCheck(world.db)
      expect((await check()).detail).toMatch(/^Nothing was loaded/)
      world.put('7')
      await world.load()
      expect((await check()).status).toBe('healthy')
      await world.clock.advance('36 hours')
      expect(await check()).toMatchObject({
        status: 'degraded',
        detail: 'No certificate of the last 36 hours for product.',
      })
      await world.reconcile()
      expect((await check()).status).toBe('healthy')
    } finally {
      await world.drop()
    }
  })
})

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

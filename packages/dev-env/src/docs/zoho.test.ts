import { deliveryLimits, entities } from '@tds/core'
import { matchSignature, zohoHosts, type ZohoDataCenter } from '@tds/zoho'
import { fencesOf, readPage, rowsWith } from '../testing/docs/pages.ts'

const page = readPage('docs/reference/zoho.md')

describe('docs/reference/zoho.md', () => {
  it('has the hosts of every data centre', () => {
    const told = rowsWith(page, 'zoho_data_center', 'accounts', 'api')
    expect(told).not.toHaveLength(0)
    for (const row of told) {
      expect(zohoHosts(row['zoho_data_center'] as ZohoDataCenter)).toEqual({
        accountsUrl: `https://${row['accounts'] ?? ''}`,
        apiUrl: `https://${row['api'] ?? ''}`,
      })
    }
  })

  it('says of every type where and under which keys it is read', () => {
    const told = rowsWith(page, 'our type', 'read from').map((row) => ({
      type: row['our type'],
      from: row['read from'],
      id: row['id'],
      wrapper: row['detail under'],
      list: row['list under'],
    }))
    const defined = entities.map(({ type, source }) => ({
      type,
      from: `${products[source.root]}, GET ${source.path}/{id}`,
      id: source.id,
      wrapper: source.wrapper,
      list: source.listKey,
    }))
    expect(told).toEqual(defined)
  })

  it('signs its example as the program does', () => {
    const secret = /Secret `(\w+)`/.exec(page.text)?.[1] ?? ''
    const query = /query `(\S+)`/.exec(page.text)?.[1] ?? ''
    const header = /The signature is `([0-9a-f]{64})`/.exec(page.text)?.[1] ?? ''
    const [body] = fencesOf(page).find(({ language }) => language === 'text')?.lines ?? []
    const delivery = {
      header,
      secrets: [secret],
      query: [...new URLSearchParams(query)],
      contentType: 'application/json',
      rawBody: Buffer.from(body ?? ''),
      variants: [],
    }
    expect(matchSignature(delivery)).toEqual({ secretIndex: 0, form: 'documented' })
    expect(matchSignature({ ...delivery, query: [] })).toBeNull()
  })

  it('states the limits that the intake keeps', () => {
    const { depth, keys, values, digits, exponent } = deliveryLimits
    const most = (count: number): string => count.toLocaleString('en')
    const stated = `nest ${String(depth)} levels deep and have ${most(keys)} keys and ${most(values)} values in all, the entries of its lists included. A form may have ${most(keys)} fields. A number may have ${String(digits)} digits and an exponent from −${String(exponent)} to ${String(exponent)}.`
    expect(page.text).toContain(stated)
  })
})

const products = { '/inventory/v1': 'Inventory', '/books/v3': 'Books' } as const

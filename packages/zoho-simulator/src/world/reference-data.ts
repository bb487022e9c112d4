import { decimal, type Decimal } from '../exact/decimal.ts'
import type { NextId } from './ids.ts'

/** A currency of the organisation. */
export interface Currency {
  id: string
  code: string
  symbol: string
  name: string
  /** What one unit is worth in the base currency. */
  exchangeRate: Decimal
}

/** A tax that a line can carry. */
export interface Tax {
  id: string
  name: string
  percentage: Decimal
}

/** Something with an id and a name: an account, a location, a user, a unit. */
export interface Named {
  id: string
  name: string
}

/** Terms of payment. */
interface PaymentTerms extends Named {
  /** Days, or one of Zoho's negative rule codes. */
  days: number
}

/** What the organisation set up once and its records refer to. */
export interface ReferenceData {
  currencies: { base: Currency; foreign: Currency }
  taxes: Tax[]
  accounts: Record<'sales' | 'costOfGoods' | 'inventoryAsset' | 'receivable' | 'payable', Named>
  locations: Named[]
  users: Named[]
  units: Named[]
  paymentTerms: PaymentTerms[]
  reasons: Named[]
  templates: Record<'invoice' | 'creditNote', Named>
  /** Of the contacts that are vendors, deleted ones included: too few to be found by chance among all contacts. */
  vendorIds: string[]
  customFields: Record<'binCode' | 'warranty' | 'origin' | 'route', CustomField>
}

/** A custom field that somebody defined for items or contacts. */
export interface CustomField {
  id: string
  apiName: string
  label: string
  dataType: 'string' | 'number' | 'dropdown'
  index: number
}

/** Sets up an organisation. */
export function referenceData(nextId: NextId): ReferenceData {
  const named = (name: string): Named => ({ id: nextId(), name })
  const terms = (days: number, name: string): PaymentTerms => ({ ...named(name), days })
  const field = (apiName: string, label: string, rest: Pick<CustomField, 'dataType' | 'index'>) => ({
    id: nextId(),
    apiName,
    label,
    ...rest,
  })
  return {
    currencies: {
      base: {
        id: nextId(),
        code: 'IQD',
        symbol: 'د.ع',
        name: 'IQD- Iraqi Dinar',
        exchangeRate: decimal('1'),
      },
      foreign: {
        id: nextId(),
        code: 'USD',
        symbol: '$',
        name: 'USD- US Dollar',
        exchangeRate: decimal('1310.25'),
      },
    },
    taxes: [
      { id: nextId(), name: 'Sales tax', percentage: decimal('15') },
      { id: nextId(), name: 'ضريبة مخفضة', percentage: decimal('2.5') },
    ],
    accounts: {
      sales: named('Sales'),
      costOfGoods: named('Cost of Goods Sold'),
      inventoryAsset: named('Inventory Asset'),
      receivable: named('Accounts Receivable'),
      payable: named('Accounts Payable'),
    },
    locations: [named('Baghdad main'), named('Erbil'), named('مخزن البصرة')],
    users: [named('Hala Aziz'), named('سامر الجبوري')],
    units: [named('pcs'), named('box'), named('m'), named('kg')],
    paymentTerms: [terms(0, 'Due on Receipt'), terms(30, 'Net 30'), terms(-3, 'Due end of next month')],
    reasons: [named('Stocktaking results'), named('Damaged goods'), named('تصحيح جرد')],
    templates: { invoice: named('Standard Template'), creditNote: named('Standard Template') },
    vendorIds: [],
    customFields: {
      binCode: field('cf_bin_code', 'Bin code', { dataType: 'string', index: 1 }),
      warranty: field('cf_warranty_months', 'Warranty, months', { dataType: 'number', index: 2 }),
      origin: field('cf_origin', 'بلد المنشأ', { dataType: 'dropdown', index: 3 }),
      route: field('cf_route', 'Delivery route', { dataType: 'string', index: 1 }),
    },
  }
}

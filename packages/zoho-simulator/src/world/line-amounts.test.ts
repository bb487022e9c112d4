import { decimal, type Decimal } from '../exact/decimal.ts'
import { discountOf, lineAmounts } from './line-amounts.ts'

const tax = { id: '1', name: 'Sales tax', percentage: decimal('15') }

function amounts(quantity: string, rate: string, discount: string | Decimal = decimal('0')) {
  const terms = {
    quantity: decimal(quantity),
    rate: decimal(rate),
    discount,
    exchangeRate: decimal('1310.25'),
  }
  const { itemTotal, taxAmount, discountAmount, bcyRate } = lineAmounts({ ...terms, tax })
  return [itemTotal, taxAmount, discountAmount, bcyRate].map(({ source }) => source)
}

describe('lineAmounts', () => {
  it.each([
    // In doubles 3 x 0.335 is 1.0050000000000001, and 1.005 rounds to 1.
    ['3', '0.335', '1.01', '0.15'],
    ['0.5', '19.995', '10', '1.5'],
    ['40.175', '1234567.89', '49598764.98', '7439814.75'],
    ['0.001', '0.07', '0', '0'],
  ])('rounds %s x %s to %s with %s tax', (quantity, rate, total, taxed) => {
    expect(amounts(quantity, rate).slice(0, 2)).toEqual([total, taxed])
  })

  it('takes a share off the whole line', () => {
    expect(amounts('2', '99.99', '12.50%')).toEqual(['174.98', '26.25', '25', '131011.9'])
  })

  it('takes an amount off, but no more than the line costs', () => {
    expect(amounts('2', '5', decimal('1.10')).slice(0, 3)).toEqual(['8.9', '1.34', '1.10'])
    expect(discountOf(decimal('0.5'), decimal('1.10')).source).toBe('0.5')
  })
})

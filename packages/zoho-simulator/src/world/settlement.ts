import { decimal, multiply, roundTo, subtract, zero, type Decimal } from '../exact/decimal.ts'
import type { AmountStyle } from './line-amounts.ts'

/** How much of a document is paid, by its status: drafts and open ones nothing, void ones need nothing. */
export function settlement(
  status: string,
  total: Decimal,
  style: AmountStyle,
): { payment_made: Decimal; balance: Decimal } {
  const paid = paidPart(status, total)
  const balance = status === 'void' ? zero : subtract(total, paid)
  return { payment_made: style(paid), balance: style(balance) }
}

function paidPart(status: string, total: Decimal): Decimal {
  if (status === 'paid') return total
  return status === 'partially_paid' ? roundTo(multiply(total, decimal('0.4')), 2) : zero
}

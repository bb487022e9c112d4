import { defineEntity } from './define-entity.ts'
import { customerExample } from './examples/customer.ts'

/**
 * Customers and vendors: Zoho's contacts, told apart by `contact_type` alone. A list row repeats the name as
 * `customer_name` and as `vendor_name` whatever the contact is, and has no addresses.
 */
export const customer = defineEntity({
  type: 'customer',
  resource: 'customers',
  aliases: ['contacts'],
  source: {
    root: '/books/v3',
    path: '/contacts',
    wrapper: 'contact',
    listKey: 'contacts',
    list: { filterBy: 'Status.All', sortColumn: 'created_time' },
    id: 'contact_id',
    names: ['vendor', 'vendors'],
  },
  table: 'tds_customers',
  columns: {
    contact_name: { required: true, inList: true },
    company_name: { inList: true },
    contact_type: { required: true, inList: true },
    status: { required: true, inList: true },
    email: { inList: true },
    phone: { inList: true },
    mobile: { inList: true },
    currency_code: { inList: true },
    // Days, or one of Zoho's negative codes for a rule such as the end of next month.
    payment_terms: { kind: 'integer', inList: true },
    // The three move with every document of the contact's, and its version stays.
    outstanding_receivable_amount: { kind: 'decimal', inList: true },
    outstanding_payable_amount: { kind: 'decimal', inList: true },
    unused_credits_receivable_amount: { kind: 'decimal', inList: true },
    billing_address: { kind: 'address' },
    shipping_address: { kind: 'address' },
  },
  quality: { currency: { column: 'currency_code', required: true } },
  example: customerExample,
})

import { decimal, multiply, roundTo, sum, whole, zero, type Decimal } from '../exact/decimal.ts'
import { decimalOf, objectOf, objectsOf, pick, textOf } from '../exact/fields.ts'
import type { JsonObject } from '../exact/json.ts'
import type { Random } from '../random.ts'
import { contactAddress } from './addresses.ts'
import type { WorldRecord } from './collection.ts'
import { customFieldKeys, withCustomValue, type CustomValue } from './custom-fields.ts'
import { businessName, personName, place } from './names.ts'
import { currencyOf } from './parties.ts'
import {
  clearing,
  rewriting,
  statusFilters,
  toggling,
  touch,
  type RecordKind,
  type View,
} from './record-kind.ts'
import type { Currency } from './reference-data.ts'
import type { WorldSize } from './size.ts'
import { pastStamp, shownDate, times, type Stamp } from './stamp.ts'
import { addRecord, type NewRecord, type World } from './world.ts'

/** Contacts: customers, and vendors told apart by contact_type. */
export const customer: RecordKind = {
  type: 'customer',
  resource: 'customers',
  path: 'contacts',
  listKey: 'contacts',
  wrapper: 'contact',
  idKey: 'contact_id',
  noun: 'Contact',
  home: 'books',
  scopes: { books: 'contacts', inventory: 'contacts' },
  list: {
    reportName: 'Contacts',
    defaultFilter: 'Status.All',
    filters: statusFilters('active', 'inactive'),
    inactive: (record) => record.detail['status'] === 'inactive',
    defaultSort: { column: 'contact_name', order: 'A' },
    sortColumns: { books: sortable(), inventory: sortable() },
    lastModifiedFilter: [],
    parameters: {
      contact_type: (value) =>
        ['customer', 'vendor'].includes(value) ? (record) => record.detail['contact_type'] === value : null,
    },
  },
  webhookKeys: [
    'contact_id',
    'contact_name',
    'company_name',
    'contact_type',
    'customer_sub_type',
    'status',
    'first_name',
    'last_name',
    'email',
    'phone',
    'mobile',
    'website',
    'payment_terms',
    'payment_terms_label',
    'currency_id',
    'currency_code',
    'outstanding_receivable_amount',
    'unused_credits_receivable_amount',
    'billing_address',
    'shipping_address',
    'contact_persons',
    'custom_fields',
    'custom_field_hash',
    'notes',
    'created_time',
    'last_modified_time',
  ],
  make: (world, random, stamp) => newContact(world, random, { stamp, contactType: 'customer' }),
  row: contactRow,
  detail: (record) => record.detail,
  changes: {
    touch,
    rename: (_, { world, random }) => ({ contact_name: businessName(random, world.nextNumber()) }),
    phone: rewriting('phone', phoneNumber),
    status: toggling('status', ['active', 'inactive']),
    notes: rewriting('notes', (random) => `Call before ${random.between(8, 17)}:00`),
    terms: (_, { world, random }) => paymentTerms(world, random),
    address: (detail, { random }) => {
      const { city, street } = place(random)
      return { billing_address: { ...objectOf(detail, 'billing_address'), address: street, city } }
    },
    clear: clearing('phone', 'email', 'notes', 'website', 'company_name'),
    'custom-field': (detail, { world, random }) => withCustomValue(detail, routeValue(world, random)),
  },
}

/** Fills the world with vendors; items refer to them. */
export function populateVendors(world: World, random: Random, size: WorldSize): void {
  for (let made = 0; made < size.vendors; made++) {
    const vendor = newContact(world, random, { stamp: pastStamp(random), contactType: 'vendor' })
    addRecord(world, 'customer', vendor)
    world.references.vendorIds.push(vendor.id)
  }
}

/** Fills the world with customers; some have a price list. */
export function populateCustomers(world: World, random: Random, size: WorldSize): void {
  for (let made = 0; made < size.customers; made++) {
    addRecord(
      world,
      'customer',
      newContact(world, random, { stamp: pastStamp(random), contactType: 'customer' }),
    )
  }
}

/** Gives every contact the balance that its documents leave open. */
export function settleBalances(world: World): void {
  const balancesOf = contactBalances(world)
  for (const id of balancesOf.contacts) {
    const record = world.collections.customer.get(id)
    if (record === undefined) continue
    world.collections.customer.put({
      ...record,
      detail: withBalances(world, record.detail, balancesOf.get(id)),
    })
  }
}

/** What the documents leave open, contact by contact. */
export function contactBalances({ collections }: World): {
  contacts: ReadonlySet<string>
  get(id: string): Balances
} {
  const owed = openAmounts(collections.invoice.living(), 'customer_id')
  const payable = openAmounts(collections.bill.living(), 'vendor_id')
  const credits = openAmounts(collections.credit_note.living(), 'customer_id')
  return {
    contacts: new Set([...owed.keys(), ...payable.keys(), ...credits.keys()]),
    get: (id) => ({
      receivable: owed.get(id) ?? zero,
      payable: payable.get(id) ?? zero,
      credits: credits.get(id) ?? zero,
    }),
  }
}

interface ContactTraits {
  stamp: Stamp
  contactType: 'customer' | 'vendor'
}

function newContact(world: World, random: Random, { stamp, contactType }: ContactTraits): NewRecord {
  const id = world.nextId()
  const { base, foreign } = world.references.currencies
  const currency = random.chance(contactType === 'vendor' ? 0.6 : 0.15) ? foreign : base
  const basics = naming(world, random, contactType)
  const detail: JsonObject = {
    contact_id: id,
    ...basics,
    contact_type: contactType,
    customer_sub_type: random.chance(0.8) ? 'business' : 'individual',
    contact_relation_type: '',
    status: random.chance(0.88) ? 'active' : 'inactive',
    source: 'user',
    portal_status: 'disabled',
    has_transaction: false,
    is_bcy_only_contact: currency === base,
    language_code: random.chance(0.5) ? 'en' : 'ar',
    is_linked_with_zohocrm: false,
    zcrm_account_id: '',
    zcrm_contact_id: '',
    owner_id: '',
    primary_contact_id: '',
    ...paymentTerms(world, random),
    credit_limit: random.chance(0.3) ? decimal(`${random.between(1, 50) * 100_000}`) : zero,
    credit_limit_exceeded_amount: zero,
    ...currencyKeys(currency, base),
    ...noBalances(),
    payment_reminder_enabled: true,
    track_1099: false,
    ach_supported: false,
    facebook: '',
    twitter: '',
    notes: random.chance(0.2) ? 'يفضل التوصيل صباحا' : '',
    ...priceListKeys(world, random, contactType),
    sales_channel: 'direct_sales',
    documents: [],
    tags: [],
    ...customFieldKeys(random.chance(0.3) ? [routeValue(world, random)] : []),
    ...whereabouts(world, random, basics),
    default_templates: {
      invoice_template_id: '',
      invoice_template_name: '',
      creditnote_template_id: '',
      creditnote_template_name: '',
    },
    customer_currency_summaries: [currencySummary(currency, base)],
    opening_balances: [],
    cards: [],
    bank_accounts: [],
    checks: [],
    ...authorship(world, random, stamp),
  }
  return { id, detail: withPrimaryContact(detail), ...stamp }
}

function naming(world: World, random: Random, contactType: string): JsonObject {
  const number = world.nextNumber()
  const name = businessName(random, number)
  const { first, last } = personName(random)
  return {
    contact_name: name,
    company_name: random.chance(0.8) ? name : '',
    first_name: first,
    last_name: last,
    designation: '',
    department: '',
    website: random.chance(0.2) ? `https://shop${number}.example` : '',
    contact_salutation: '',
    email: random.chance(0.6) ? `${contactType}${number}@example.com` : '',
    phone: random.chance(0.9) ? phoneNumber(random) : '',
    mobile: random.chance(0.5) ? phoneNumber(random) : '',
  }
}

function phoneNumber(random: Random): string {
  return `+964 77${random.between(0, 9)} ${random.between(100, 999)} ${random.between(1000, 9999)}`
}

function paymentTerms({ references }: World, random: Random): JsonObject {
  const terms = random.pick(references.paymentTerms)
  return {
    payment_terms: whole(terms.days),
    payment_terms_label: terms.name,
    payment_terms_id: terms.id,
  }
}

function currencyKeys(currency: Currency, base: Currency): JsonObject {
  return {
    currency_id: currency.id,
    currency_code: currency.code,
    currency_symbol: currency.symbol,
    price_precision: 2,
    exchange_rate: currency === base ? '' : currency.exchangeRate,
  }
}

function noBalances(): JsonObject {
  return {
    opening_balance_amount: zero,
    opening_balance_amount_bcy: '',
    outstanding_receivable_amount: zero,
    outstanding_receivable_amount_bcy: zero,
    outstanding_payable_amount: zero,
    outstanding_payable_amount_bcy: zero,
    unused_credits_receivable_amount: zero,
    unused_credits_receivable_amount_bcy: zero,
    unused_credits_payable_amount: zero,
    unused_credits_payable_amount_bcy: zero,
    unused_retainer_payments: zero,
  }
}

function priceListKeys({ collections }: World, random: Random, contactType: string): JsonObject {
  const wanted = contactType === 'customer' && random.chance(0.6)
  const list = wanted ? collections.price_list.pick(random, 'living') : undefined
  return {
    pricebook_id: list?.id ?? '',
    pricebook_name: list === undefined ? '' : textOf(list.detail, 'name'),
  }
}

function routeValue({ references }: World, random: Random): CustomValue {
  return {
    field: references.customFields.route,
    value: random.pick(['الكرخ', 'الرصافة', 'North 1', 'South 2', '']),
  }
}

function whereabouts(world: World, random: Random, basics: JsonObject): JsonObject {
  const phone = textOf(basics, 'phone')
  return {
    billing_address: contactAddress(random, { id: world.nextId(), attention: 'Accounts', phone }),
    shipping_address: contactAddress(random, { id: world.nextId(), attention: 'Goods in' }),
    addresses: [],
    entity_address_id: world.nextId(),
    contact_persons: [
      {
        contact_person_id: world.nextId(),
        salutation: '',
        ...pick(basics, ['first_name', 'last_name', 'email', 'phone', 'mobile', 'designation', 'department']),
        skype: '',
        is_primary_contact: true,
        is_added_in_portal: false,
        communication_preference: { is_email_enabled: true, is_sms_enabled: false },
      },
    ],
  }
}

function currencySummary(currency: Currency, base: Currency): JsonObject {
  return {
    currency_id: currency.id,
    currency_code: currency.code,
    currency_symbol: currency.symbol,
    price_precision: 2,
    is_base_currency: currency === base,
    currency_name_formatted: currency.name,
    outstanding_receivable_amount: zero,
    unused_credits_receivable_amount: zero,
  }
}

function authorship({ references, zone }: World, random: Random, stamp: Stamp): JsonObject {
  const author = random.pick(references.users)
  const { created_time = '', last_modified_time = '' } = times(zone, stamp)
  return {
    created_time,
    created_date: shownDate(zone, stamp.createdMs),
    created_by_id: author.id,
    created_by_name: author.name,
    last_modified_by_id: author.id,
    last_modified_time,
  }
}

function withPrimaryContact(detail: JsonObject): JsonObject {
  const [person] = objectsOf(detail, 'contact_persons')
  return { ...detail, primary_contact_id: person?.['contact_person_id'] ?? '' }
}

function openAmounts(documents: readonly WorldRecord[], contactKey: string): Map<string, Decimal> {
  const amounts = new Map<string, Decimal>()
  for (const { detail } of documents) {
    if (detail['status'] === 'draft' || detail['status'] === 'void') continue
    const contact = textOf(detail, contactKey)
    amounts.set(contact, sum([amounts.get(contact) ?? zero, decimalOf(detail, 'balance')]))
  }
  return amounts
}

/** What a contact owes, is owed, and has to its credit. */
export interface Balances {
  receivable: Decimal
  payable: Decimal
  credits: Decimal
}

/** The contact with these balances, in every place that shows them. */
export function withBalances(
  world: World,
  detail: JsonObject,
  { receivable, payable, credits }: Balances,
): JsonObject {
  const { exchangeRate } = currencyOf(world, detail)
  const bcy = (amount: Decimal) => roundTo(multiply(amount, exchangeRate), 2)
  const [summary = {}] = objectsOf(detail, 'customer_currency_summaries')
  return {
    ...detail,
    outstanding_receivable_amount: receivable,
    outstanding_receivable_amount_bcy: bcy(receivable),
    outstanding_payable_amount: payable,
    outstanding_payable_amount_bcy: bcy(payable),
    unused_credits_receivable_amount: credits,
    unused_credits_receivable_amount_bcy: bcy(credits),
    customer_currency_summaries: [
      { ...summary, outstanding_receivable_amount: receivable, unused_credits_receivable_amount: credits },
    ],
  }
}

function contactRow(record: WorldRecord, { world }: View): JsonObject {
  const { detail } = record
  const columns: JsonObject = {
    ...detail,
    // Both names stand in every row, whatever the contact is.
    customer_name: textOf(detail, 'contact_name'),
    vendor_name: textOf(detail, 'contact_name'),
    language_code_formatted: detail['language_code'] === 'ar' ? 'Arabic' : 'English',
    contact_type_formatted: detail['contact_type'] === 'vendor' ? 'Vendor' : 'Customer',
    portal_status_formatted: 'Disabled',
    created_time_formatted: shownDate(world.zone, record.createdMs),
    last_modified_time_formatted: shownDate(world.zone, record.modifiedMs),
    contactperson_custom_fields: [],
    has_attachment: false,
  }
  return pick(columns, rowKeys)
}

function sortable(): string[] {
  return [
    'contact_name',
    'first_name',
    'last_name',
    'email',
    'outstanding_receivable_amount',
    'created_time',
    'last_modified_time',
  ]
}

const rowKeys = [
  'contact_id',
  'contact_name',
  'customer_name',
  'vendor_name',
  'company_name',
  'website',
  'language_code',
  'language_code_formatted',
  'contact_type',
  'contact_type_formatted',
  'status',
  'customer_sub_type',
  'source',
  'is_linked_with_zohocrm',
  'payment_terms',
  'payment_terms_id',
  'payment_terms_label',
  'currency_id',
  'currency_code',
  'twitter',
  'facebook',
  'outstanding_receivable_amount',
  'outstanding_receivable_amount_bcy',
  'outstanding_payable_amount',
  'outstanding_payable_amount_bcy',
  'unused_credits_receivable_amount',
  'unused_credits_receivable_amount_bcy',
  'unused_credits_payable_amount',
  'unused_credits_payable_amount_bcy',
  'first_name',
  'last_name',
  'email',
  'phone',
  'mobile',
  'portal_status',
  'portal_status_formatted',
  'track_1099',
  'created_time',
  'created_time_formatted',
  'last_modified_time',
  'last_modified_time_formatted',
  'custom_fields',
  'custom_field_hash',
  'contactperson_custom_fields',
  'tags',
  'ach_supported',
  'has_attachment',
]

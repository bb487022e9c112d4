import type { RecordType } from '../world/record-type.ts'

/** Key sets by place: `.` is the record itself, `line_items` one of its lines. An organisation's own `cf_*` are left out. */
export type KeySets = Readonly<Record<string, readonly string[]>>

/** The key sets of the published examples: what a detail, a list row and a webhook of each type consist of. */
export const exampleKeys: Readonly<Record<RecordType, { detail: KeySets; row: KeySets; webhook: KeySets }>> =
  {
    product: {
      detail: {
        '.': keys(`
        item_id group_id group_name name sku upc ean isbn part_number brand manufacturer unit unit_id status
        source description is_linked_with_zohocrm zcrm_product_id crm_owner_id item_type product_type
        product_subtype can_be_sold can_be_purchased track_inventory is_returnable is_combo_product rate
        sales_rate pricebook_rate purchase_rate pricing_scheme price_brackets default_price_brackets
        account_id account_name purchase_account_id purchase_account_name inventory_account_id
        inventory_account_name purchase_description tax_id tax_name tax_percentage tax_type is_taxable
        vendor_id vendor_name reorder_level minimum_order_quantity maximum_order_quantity initial_stock
        initial_stock_rate asset_value stock_on_hand available_stock actual_available_stock committed_stock
        actual_committed_stock available_for_sale_stock actual_available_for_sale_stock locations
        package_details image_name image_type image_document_id documents tags custom_fields
        custom_field_hash created_at created_time last_modified_time lock_details sales_channels has_variant
      `),
        default_price_brackets: keys(`
        start_quantity end_quantity pricebook_rate
      `),
        locations: keys(`
        location_id location_name status is_primary location_stock_on_hand location_available_stock
        location_actual_available_stock
      `),
        package_details: keys(`
        length width height weight weight_unit dimension_unit
      `),
        custom_fields: keys(`
        customfield_id api_name label data_type index placeholder is_active show_in_all_pdf value
        value_formatted
      `),
        lock_details: keys(`
        can_lock
      `),
      },
      row: {
        '.': keys(`
        item_id group_id group_name name item_name unit status source is_combo_product
        is_linked_with_zohocrm zcrm_product_id description brand manufacturer rate tax_id tax_name
        tax_percentage purchase_account_id purchase_account_name account_id account_name
        purchase_description purchase_rate can_be_sold can_be_purchased track_inventory is_returnable
        item_type product_type product_subtype purpose_of_use stock_on_hand available_stock
        actual_available_stock reorder_level has_attachment sku upc ean isbn part_number image_name
        image_type image_document_id length width height weight weight_unit dimension_unit
        is_storage_location_enabled vendor_name tags created_time last_modified_time
      `),
      },
      webhook: {
        '.': keys(`
        item_id name sku status unit description rate purchase_rate item_type product_type track_inventory
        can_be_sold can_be_purchased stock_on_hand available_stock actual_available_stock reorder_level
        tax_id tax_name tax_percentage brand manufacturer vendor_id vendor_name custom_fields
        custom_field_hash created_time last_modified_time
      `),
        custom_fields: keys(`
        customfield_id api_name label data_type index placeholder is_active show_in_all_pdf value
        value_formatted
      `),
      },
    },
    customer: {
      detail: {
        '.': keys(`
        contact_id contact_name company_name first_name last_name designation department website
        contact_salutation email phone mobile contact_type customer_sub_type contact_relation_type status
        source portal_status has_transaction is_bcy_only_contact language_code is_linked_with_zohocrm
        zcrm_account_id zcrm_contact_id owner_id primary_contact_id payment_terms payment_terms_label
        payment_terms_id credit_limit credit_limit_exceeded_amount currency_id currency_code currency_symbol
        price_precision exchange_rate opening_balance_amount opening_balance_amount_bcy
        outstanding_receivable_amount outstanding_receivable_amount_bcy outstanding_payable_amount
        outstanding_payable_amount_bcy unused_credits_receivable_amount unused_credits_receivable_amount_bcy
        unused_credits_payable_amount unused_credits_payable_amount_bcy unused_retainer_payments
        payment_reminder_enabled track_1099 ach_supported facebook twitter notes pricebook_id pricebook_name
        sales_channel documents tags custom_fields custom_field_hash billing_address shipping_address
        addresses entity_address_id contact_persons default_templates customer_currency_summaries
        opening_balances cards bank_accounts checks created_time created_date created_by_id created_by_name
        last_modified_by_id last_modified_time
      `),
        custom_fields: keys(`
        customfield_id api_name label data_type index placeholder is_active show_in_all_pdf value
        value_formatted
      `),
        billing_address: keys(`
        address_id attention address street2 city state_code state zip country county country_code phone fax
        latitude longitude
      `),
        shipping_address: keys(`
        address_id attention address street2 city state_code state zip country county country_code phone fax
        latitude longitude
      `),
        contact_persons: keys(`
        contact_person_id salutation first_name last_name email phone mobile designation department skype
        is_primary_contact is_added_in_portal communication_preference
      `),
        'contact_persons.communication_preference': keys(`
        is_email_enabled is_sms_enabled
      `),
        default_templates: keys(`
        invoice_template_id invoice_template_name creditnote_template_id creditnote_template_name
      `),
        customer_currency_summaries: keys(`
        currency_id currency_code currency_symbol price_precision is_base_currency currency_name_formatted
        outstanding_receivable_amount unused_credits_receivable_amount
      `),
      },
      row: {
        '.': keys(`
        contact_id contact_name customer_name vendor_name company_name website language_code
        language_code_formatted contact_type contact_type_formatted status customer_sub_type source
        is_linked_with_zohocrm payment_terms payment_terms_id payment_terms_label currency_id currency_code
        twitter facebook outstanding_receivable_amount outstanding_receivable_amount_bcy
        outstanding_payable_amount outstanding_payable_amount_bcy unused_credits_receivable_amount
        unused_credits_receivable_amount_bcy unused_credits_payable_amount unused_credits_payable_amount_bcy
        first_name last_name email phone mobile portal_status portal_status_formatted track_1099
        created_time created_time_formatted last_modified_time last_modified_time_formatted custom_fields
        custom_field_hash contactperson_custom_fields tags ach_supported has_attachment
      `),
        custom_fields: keys(`
        customfield_id api_name label data_type index placeholder is_active show_in_all_pdf value
        value_formatted
      `),
      },
      webhook: {
        '.': keys(`
        contact_id contact_name company_name contact_type customer_sub_type status first_name last_name
        email phone mobile website payment_terms payment_terms_label currency_id currency_code
        outstanding_receivable_amount unused_credits_receivable_amount billing_address shipping_address
        contact_persons custom_fields custom_field_hash notes created_time last_modified_time
      `),
        billing_address: keys(`
        address_id attention address street2 city state_code state zip country county country_code phone fax
        latitude longitude
      `),
        shipping_address: keys(`
        address_id attention address street2 city state_code state zip country county country_code phone fax
        latitude longitude
      `),
        contact_persons: keys(`
        contact_person_id salutation first_name last_name email phone mobile designation department skype
        is_primary_contact is_added_in_portal communication_preference
      `),
        'contact_persons.communication_preference': keys(`
        is_email_enabled is_sms_enabled
      `),
        custom_fields: keys(`
        customfield_id api_name label data_type index placeholder is_active show_in_all_pdf value
        value_formatted
      `),
      },
    },
    invoice: {
      detail: {
        '.': keys(`
        invoice_id invoice_number date due_date issued_date reference_number status current_sub_status_id
        current_sub_status sub_statuses customer_id customer_name email contact_persons
        customer_custom_fields customer_custom_field_hash currency_id currency_code currency_symbol
        currency_name_formatted exchange_rate price_precision invoice_source sales_channel payment_terms
        payment_terms_label payment_terms_id is_inclusive_tax discount discount_total discount_type
        is_discount_before_tax line_items sub_total tax_total taxes shipping_charge adjustment
        adjustment_description roundoff_value total payment_made credits_applied tax_amount_withheld
        write_off_amount balance unprocessed_payment_amount bcy_sub_total bcy_tax_total bcy_discount_total
        bcy_shipping_charge bcy_adjustment bcy_total account_id account_name salesorder_id salesorder_number
        salesorders recurring_invoice_id estimate_id salesperson_id salesperson_name is_emailed
        reminders_sent last_reminder_sent_date is_viewed_by_client client_viewed_time last_payment_date
        payment_expected_date template_id template_name template_type notes terms attachment_name documents
        custom_fields custom_field_hash tags location_id location_name billing_address shipping_address
        contact invoice_url created_time created_date created_by_id created_by_name last_modified_by_id
        last_modified_time
      `),
        line_items: keys(`
        line_item_id item_id item_order name description unit quantity rate bcy_rate discount
        discount_amount discounts account_id account_name pricebook_id tax_id tax_name tax_type
        tax_percentage line_item_taxes item_total item_custom_fields item_type line_item_category tags
        project_id salesorder_item_id bill_id bill_item_id location_id location_name
      `),
        'line_items.line_item_taxes': keys(`
        tax_id tax_name tax_amount
      `),
        taxes: keys(`
        tax_id tax_name tax_amount
      `),
        salesorders: keys(`
        salesorder_id salesorder_number
      `),
        billing_address: keys(`
        street address street2 city state zip country fax phone attention country_code
      `),
        shipping_address: keys(`
        street address street2 city state zip country fax phone attention country_code
      `),
        contact: keys(`
        customer_balance credit_limit unused_customer_credits is_credit_limit_migration_completed
      `),
      },
      row: {
        '.': keys(`
        invoice_id customer_id customer_name company_name status invoice_number reference_number date
        due_date issued_date due_days email project_name billing_address shipping_address country phone
        created_by total balance payment_expected_date custom_fields custom_field_hash tags salesperson_id
        salesperson_name shipping_charge adjustment created_time last_modified_time updated_time
        is_viewed_by_client client_viewed_time has_attachment is_emailed color_code current_sub_status_id
        current_sub_status currency_id currency_code currency_symbol schedule_time template_id template_type
        invoice_url invoice_source sales_channel transaction_type reminders_sent last_reminder_sent_date
        last_payment_date documents write_off_amount exchange_rate unprocessed_payment_amount
      `),
        billing_address: keys(`
        address street2 city state zipcode country fax phone attention
      `),
        shipping_address: keys(`
        address street2 city state zipcode country fax phone attention
      `),
      },
      webhook: {
        '.': keys(`
        invoice_id invoice_number date due_date reference_number status customer_id customer_name
        currency_id currency_code exchange_rate line_items sub_total tax_total taxes total payment_made
        balance billing_address shipping_address custom_fields custom_field_hash salesorder_id notes
        created_time last_modified_time
      `),
        line_items: keys(`
        line_item_id item_id item_order name description unit quantity rate bcy_rate discount
        discount_amount discounts account_id account_name pricebook_id tax_id tax_name tax_type
        tax_percentage line_item_taxes item_total item_custom_fields item_type line_item_category tags
        project_id salesorder_item_id bill_id bill_item_id location_id location_name
      `),
        'line_items.line_item_taxes': keys(`
        tax_id tax_name tax_amount
      `),
        taxes: keys(`
        tax_id tax_name tax_amount
      `),
        billing_address: keys(`
        street address street2 city state zip country fax phone attention country_code
      `),
        shipping_address: keys(`
        street address street2 city state zip country fax phone attention country_code
      `),
      },
    },
    bill: {
      detail: {
        '.': keys(`
        bill_id vendor_id vendor_name source bill_number reference_number date due_date due_by_days
        due_in_days status current_sub_status_id current_sub_status sub_statuses payment_terms
        payment_terms_label payment_expected_date recurring_bill_id currency_id currency_code
        currency_symbol currency_name_formatted exchange_rate price_precision is_inclusive_tax
        is_item_level_tax_calc line_items sub_total tax_total taxes discount discount_amount discount_total
        discount_type is_discount_before_tax adjustment adjustment_description total payment_made
        vendor_credits_applied balance unused_credits_payable_amount unprocessed_payment_amount
        billing_address_id billing_address purchaseorders payments vendor_credits documents notes terms
        attachment_name account_id account_name custom_fields custom_field_hash tags allocated_landed_costs
        unallocated_landed_costs is_approval_required approvers_list entity_type is_uber_bill is_tally_bill
        location_id location_name created_time created_by_id last_modified_id last_modified_time
      `),
        line_items: keys(`
        line_item_id item_id item_order line_item_category name description account_id account_name
        account_code unit quantity quantity_received rate bcy_rate sales_rate discount discounts
        markup_percent pricebook_id tax_id tax_name tax_type tax_percentage line_item_taxes item_total
        item_type is_billable customer_id customer_name project_id project_name purchaseorder_id
        purchaseorder_item_id receive_line_items item_custom_fields tags location_id location_name
      `),
        billing_address: keys(`
        address street2 city state zip country fax phone attention
      `),
        purchaseorders: keys(`
        purchaseorder_id purchaseorder_number purchaseorder_date purchaseorder_status order_status
      `),
      },
      row: {
        '.': keys(`
        bill_id vendor_id vendor_name status color_code current_sub_status_id current_sub_status bill_number
        reference_number date due_date due_days currency_id currency_code price_precision exchange_rate
        total tds_total balance balance_due unprocessed_payment_amount created_time last_modified_time
        created_time_formatted last_modified_time_formatted created_by last_modified_by is_opening_balance
        attachment_name has_attachment tags is_uber_bill is_tally_bill entity_type client_viewed_time
        is_viewed_by_client is_bill_reconciliation_violated
      `),
      },
      webhook: {
        '.': keys(`
        bill_id bill_number vendor_id vendor_name date due_date reference_number status currency_id
        currency_code exchange_rate line_items sub_total tax_total total payment_made balance custom_fields
        custom_field_hash created_time last_modified_time
      `),
        line_items: keys(`
        line_item_id item_id item_order line_item_category name description account_id account_name
        account_code unit quantity quantity_received rate bcy_rate sales_rate discount discounts
        markup_percent pricebook_id tax_id tax_name tax_type tax_percentage line_item_taxes item_total
        item_type is_billable customer_id customer_name project_id project_name purchaseorder_id
        purchaseorder_item_id receive_line_items item_custom_fields tags location_id location_name
      `),
      },
    },
    credit_note: {
      detail: {
        '.': keys(`
        creditnote_id creditnote_number date issued_date status current_sub_status_id current_sub_status
        sub_statuses reference_number customer_id customer_name contact_persons salesperson_id
        salesperson_name invoice_id invoices_credited currency_id currency_code currency_symbol
        currency_name_formatted exchange_rate price_precision is_inclusive_tax discount discount_type
        is_discount_before_tax line_items sub_total tax_total taxes shipping_charge adjustment
        adjustment_description roundoff_value total total_credits_used total_refunded_amount balance
        creditnote_refunds rounding_mode account_id account_name notes terms is_emailed is_viewed_by_client
        client_viewed_time template_id template_name template_type billing_address shipping_address
        documents custom_fields custom_field_hash approvers_list tags location_id location_name created_time
        created_by_id created_by_name last_modified_by_id last_modified_time
      `),
        line_items: keys(`
        line_item_id item_id item_order name description unit quantity rate bcy_rate discount
        discount_amount discounts account_id account_name pricebook_id tax_id tax_name tax_type
        tax_percentage line_item_taxes item_total item_custom_fields item_type line_item_category tags
        project_id invoice_id invoice_item_id is_credit_only_item
      `),
        'line_items.line_item_taxes': keys(`
        tax_id tax_name tax_amount
      `),
        taxes: keys(`
        tax_id tax_name tax_amount
      `),
        billing_address: keys(`
        address street2 city state zip country fax phone attention
      `),
        shipping_address: keys(`
        address street2 city state zip country fax phone attention
      `),
      },
      row: {
        '.': keys(`
        creditnote_id creditnote_number status reference_number date issued_date total balance customer_id
        customer_name applied_invoices is_emailed has_attachment salesperson_name salesperson_id
        is_viewed_by_client client_viewed_time color_code current_sub_status_id current_sub_status
        currency_id currency_code created_time last_modified_time exchange_rate template_id template_type
        rounding_mode price_precision tags
      `),
      },
      webhook: {
        '.': keys(`
        creditnote_id creditnote_number date status reference_number customer_id customer_name currency_id
        currency_code exchange_rate line_items sub_total tax_total taxes total balance total_credits_used
        total_refunded_amount invoices_credited custom_fields custom_field_hash created_time
        last_modified_time
      `),
        line_items: keys(`
        line_item_id item_id item_order name description unit quantity rate bcy_rate discount
        discount_amount discounts account_id account_name pricebook_id tax_id tax_name tax_type
        tax_percentage line_item_taxes item_total item_custom_fields item_type line_item_category tags
        project_id invoice_id invoice_item_id is_credit_only_item
      `),
        'line_items.line_item_taxes': keys(`
        tax_id tax_name tax_amount
      `),
        taxes: keys(`
        tax_id tax_name tax_amount
      `),
      },
    },
    stock_adjustment: {
      detail: {
        '.': keys(`
        inventory_adjustment_id date reason reason_id description reference_number adjustment_type status
        adjustment_account_id adjustment_account_name location_id location_name line_items total
        is_inventory_valuation_pending documents comments submitted_date submitted_by submitted_by_name
        approver_id custom_fields custom_field_hash tags created_by_id created_by_name last_modified_by_id
        last_modified_by_name created_time last_modified_time
      `),
        line_items: keys(`
        line_item_id item_id item_order name sku description is_combo_product unit quantity_adjusted
        quantity_adjusted_formatted price label_rate asset_price item_total adjustment_account_id
        adjustment_account_name asset_account_id asset_account_name serial_numbers batches tags location_id
        location_name
      `),
      },
      row: {
        '.': keys(`
        inventory_adjustment_id status adjustment_type date reason description reference_number total
        item_id name quantity_adjusted value_adjusted location_id location_name created_time created_by_id
        created_by_name last_modified_time last_modified_by_id last_modified_by_name custom_fields
        custom_field_hash tags
      `),
      },
      webhook: {
        '.': keys(`
        inventory_adjustment_id date reason description reference_number adjustment_type status location_id
        location_name line_items total custom_fields custom_field_hash created_time last_modified_time
      `),
        line_items: keys(`
        line_item_id item_id item_order name sku description is_combo_product unit quantity_adjusted
        quantity_adjusted_formatted price label_rate asset_price item_total adjustment_account_id
        adjustment_account_name asset_account_id asset_account_name serial_numbers batches tags location_id
        location_name
      `),
      },
    },
    price_list: {
      detail: {
        '.': keys(`
        pricebook_id name description currency_id currency_code decimal_place is_default is_increase
        percentage pricebook_rate pricebook_type pricing_scheme rounding_type sales_or_purchase_type status
        products pricebook_items
      `),
        pricebook_items: keys(`
        pricebook_item_id item_id name can_be_sold can_be_purchased pricebook_discount pricebook_rate
      `),
      },
      row: {
        '.': keys(`
        pricebook_id name description currency_id currency_code decimal_place is_increase percentage
        pricebook_rate pricebook_type pricing_scheme rounding_type sales_or_purchase_type status
        last_modified_time
      `),
      },
      webhook: {
        '.': keys(`
        pricebook_id name description currency_id currency_code decimal_place is_default is_increase
        percentage pricebook_rate pricebook_type pricing_scheme rounding_type sales_or_purchase_type status
        products pricebook_items
      `),
        pricebook_items: keys(`
        pricebook_item_id item_id name can_be_sold can_be_purchased pricebook_discount pricebook_rate
      `),
      },
    },
  }

/** The other two kinds of price list. */
export const priceListKeys: Readonly<Record<'volume' | 'percentage', KeySets>> = {
  volume: {
    '.': keys(`
      pricebook_id name description currency_id currency_code decimal_place is_default is_increase
      percentage pricebook_rate pricebook_type pricing_scheme rounding_type sales_or_purchase_type status
      products pricebook_items
    `),
    pricebook_items: keys(`
      item_id name can_be_sold can_be_purchased price_brackets
    `),
    'pricebook_items.price_brackets': keys(`
      pricebook_item_id start_quantity end_quantity pricebook_discount pricebook_rate
    `),
  },
  percentage: {
    '.': keys(`
      pricebook_id name description currency_id currency_code decimal_place is_default is_increase
      percentage pricebook_rate pricebook_type rounding_type sales_or_purchase_type status products
      pricebook_items
    `),
  },
}

function keys(text: string): string[] {
  return text.trim().split(/\s+/)
}

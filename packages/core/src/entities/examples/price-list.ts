import type { EntityExample } from '../define-entity.ts'

/** Invented bodies in the shapes of docs/reference/zoho.md: detail answer, list row, and the body that a sender of one's own may make; Zoho itself has no webhook for price lists. */
export const priceListExample: EntityExample = {
  detail: `{
  "code": 0,
  "message": "success",
  "pricebook": {
    "pricebook_id": "460122000000310001",
    "name": "Harbour trade",
    "description": "Trade customers on the quay",
    "currency_id": "460122000000000097",
    "currency_code": "EUR",
    "decimal_place": 2,
    "is_default": false,
    "is_increase": false,
    "percentage": "",
    "pricebook_rate": "",
    "pricebook_type": "per_item",
    "pricing_scheme": "unit",
    "rounding_type": "no_rounding",
    "sales_or_purchase_type": "sales",
    "status": "active",
    "products": [],
    "pricebook_items": [
      {
        "pricebook_item_id": "460122000000310015",
        "item_id": "460122000000101014",
        "name": "Linen pouch 3 L",
        "can_be_sold": true,
        "can_be_purchased": true,
        "pricebook_discount": "",
        "pricebook_rate": 12.25
      },
      {
        "pricebook_item_id": "460122000000310017",
        "item_id": "460122000000101022",
        "name": "Felt sleeve",
        "can_be_sold": true,
        "can_be_purchased": true,
        "pricebook_discount": "5%",
        "pricebook_rate": 38.24
      }
    ]
  }
}`,
  listRow: `{
  "pricebook_id": "460122000000310001",
  "name": "Harbour trade",
  "description": "Trade customers on the quay",
  "currency_id": "460122000000000097",
  "currency_code": "EUR",
  "decimal_place": 2,
  "is_increase": false,
  "percentage": "",
  "pricebook_rate": "",
  "pricebook_type": "per_item",
  "pricing_scheme": "unit",
  "rounding_type": "no_rounding",
  "sales_or_purchase_type": "sales",
  "status": "active",
  "last_modified_time": "2026-06-09T11:18:26+0100"
}`,
  webhook: `{
  "pricebook": {
    "pricebook_id": "460122000000310001",
    "name": "Harbour trade",
    "description": "Trade customers on the quay",
    "currency_id": "460122000000000097",
    "currency_code": "EUR",
    "decimal_place": 2,
    "is_default": false,
    "is_increase": false,
    "percentage": "",
    "pricebook_rate": "",
    "pricebook_type": "per_item",
    "pricing_scheme": "unit",
    "rounding_type": "no_rounding",
    "sales_or_purchase_type": "sales",
    "status": "active",
    "products": [],
    "pricebook_items": [
      {
        "pricebook_item_id": "460122000000310015",
        "item_id": "460122000000101014",
        "name": "Linen pouch 3 L",
        "can_be_sold": true,
        "can_be_purchased": true,
        "pricebook_discount": "",
        "pricebook_rate": 12.25
      },
      {
        "pricebook_item_id": "460122000000310017",
        "item_id": "460122000000101022",
        "name": "Felt sleeve",
        "can_be_sold": true,
        "can_be_purchased": true,
        "pricebook_discount": "5%",
        "pricebook_rate": 38.24
      }
    ]
  }
}`,
}

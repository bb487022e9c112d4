import { Decimal } from '../exact/decimal.ts'
import { objectsOf, textOf } from '../exact/fields.ts'
import { isJsonObject, type JsonObject } from '../exact/json.ts'
import type { CustomField } from './reference-data.ts'

/** A value that a person gave a custom field; `""` where they cleared it. */
export interface CustomValue {
  field: CustomField
  value: string | Decimal
}

/** The two keys in which Zoho shows custom fields: the list, and beside it the hash. */
export function customFieldKeys(values: readonly CustomValue[]): {
  custom_fields: JsonObject[]
  custom_field_hash: JsonObject
} {
  return {
    custom_fields: values.map(({ field, value }) => ({
      customfield_id: field.id,
      api_name: field.apiName,
      label: field.label,
      data_type: field.dataType,
      index: field.index,
      placeholder: field.apiName,
      is_active: true,
      show_in_all_pdf: false,
      value,
      value_formatted: shown(value),
    })),
    custom_field_hash: Object.fromEntries(
      values.flatMap(({ field, value }) => [
        [field.apiName, shown(value)],
        [`${field.apiName}_unformatted`, value],
      ]),
    ),
  }
}

/** The keys with one value replaced, or added if the record did not have the field. */
export function withCustomValue(detail: JsonObject, changed: CustomValue): JsonObject {
  const { custom_fields: added, custom_field_hash: hash } = customFieldKeys([changed])
  const fields = objectsOf(detail, 'custom_fields')
  const known = fields.some((entry) => entry['customfield_id'] === changed.field.id)
  const replaced = fields.map((entry) =>
    entry['customfield_id'] === changed.field.id
      ? { ...entry, value: changed.value, value_formatted: shown(changed.value) }
      : entry,
  )
  const oldHash = detail['custom_field_hash']
  return {
    custom_fields: known ? replaced : [...fields, ...added],
    custom_field_hash: { ...(isJsonObject(oldHash) ? oldHash : {}), ...hash },
  }
}

/** The `cf_*` keys that some list rows show at their top level. */
export function flatCustomFields(detail: JsonObject): JsonObject {
  return Object.fromEntries(
    objectsOf(detail, 'custom_fields').map((entry) => [textOf(entry, 'api_name'), entry['value'] ?? '']),
  )
}

function shown(value: string | Decimal): string {
  return value instanceof Decimal ? value.source : value
}

import { canonicalJson, type ExactJson, type ExactObject, isExactObject } from '../json/index.ts'
import { UnreadableValue } from './unreadable-value.ts'

/**
 * Reads Zoho's `custom_fields` array into one object of API name → value, as canonical JSON.
 * Localised copies (`value_formatted`) and presentation flags are left out: they differ without a change.
 * Throws {@link UnreadableValue} when it is no array of named fields.
 */
export function readCustomFields(value: ExactJson): string {
  if (value === null || value === '') return '{}'
  if (!Array.isArray(value)) throw new UnreadableValue('bad_list', 'custom_fields', 'expected a list')
  const fields = Object.create(null) as ExactObject
  for (const entry of value) {
    const name = isExactObject(entry) ? nameOf(entry) : null
    if (name === null) throw new UnreadableValue('bad_object', 'custom_fields', 'an entry has no name')
    if (name in fields) throw new UnreadableValue('duplicate_line', 'custom_fields', 'a field occurs twice')
    const held = (entry as ExactObject)['value']
    fields[name] = held === undefined || held === '' ? null : held
  }
  return canonicalJson(fields)
}

function nameOf(entry: ExactObject): string | null {
  for (const key of ['api_name', 'customfield_id', 'custom_field_id', 'label']) {
    const name = entry[key]
    if (typeof name === 'string' && name !== '') return name
  }
  return null
}

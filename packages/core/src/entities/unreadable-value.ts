import { TdsError } from '@tds/runtime'

/** Names of what can be wrong with a value; they are the `error_code` of the dead letter (docs/reference/errors.md). */
export type UnreadableCode =
  | 'bad_text'
  | 'bad_id'
  | 'bad_money'
  | 'bad_integer'
  | 'bad_date'
  | 'bad_time'
  | 'bad_boolean'
  | 'bad_object'
  | 'bad_list'
  | 'missing_required'
  | 'duplicate_line'

/**
 * A value of Zoho's that cannot be read exactly. It is never replaced by a default:
 * the record becomes a dead letter of class `data` that names the field.
 */
export class UnreadableValue extends TdsError {
  override readonly name = 'UnreadableValue'

  constructor(code: UnreadableCode, field: string, problem: string) {
    super(`${field}: ${problem}`, {
      code,
      disposition: 'dead-letter',
      nextStep: `Correct ${field} in Zoho and save the record there: the new version arrives by itself. If Zoho shows a sound value, replay the dead letter after correcting its payload.`,
      facts: { field },
    })
  }
}

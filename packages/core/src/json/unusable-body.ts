import { TdsError } from '@tds/runtime'

/** Why a text cannot be read as exact JSON; the words are those of the contract's quarantine reasons. */
export type UnusableReason =
  'empty' | 'not_utf8' | 'not_json' | 'too_deep' | 'too_many_keys' | 'number_range' | 'duplicate_key'

/**
 * A text that cannot be read as exact JSON. The message says what is wrong and where, and repeats nothing of the
 * text but a repeated key, cut short: messages reach logs and answers.
 */
export class UnusableBody extends TdsError {
  override readonly name = 'UnusableBody'
  readonly reason: UnusableReason

  constructor(reason: UnusableReason, message: string, facts: Record<string, unknown> = {}) {
    super(message, { code: reason, disposition: 'reject', nextStep: nextSteps[reason], facts })
    this.reason = reason
  }
}

const nextSteps: Record<UnusableReason, string> = {
  empty: 'Give the webhook a body: the default payload, or a text of your own with the record or its id.',
  not_utf8: 'Have the sender encode the body as UTF-8; the bytes as sent are kept.',
  not_json: 'Compare the body kept with a sound one: a text of your own may lack a quote or a brace.',
  too_deep: 'Send the record as Zoho shapes it; no Zoho record is nested this deeply.',
  too_many_keys: 'Send one record per delivery; no Zoho record has this many fields.',
  number_range: 'Send the number as text, or with fewer digits; no amount or id is this long.',
  duplicate_key:
    'Remove the repeated key from the sender’s text: which of its values counts would be a guess.',
}

/** A key as it may stand in a message: escaped, and cut so that a hostile one cannot fill a log. */
export function shownKey(key: string): string {
  return JSON.stringify(key.length > 40 ? `${key.slice(0, 40)}…` : key).toWellFormed()
}

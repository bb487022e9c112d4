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
  empty: 'Give the webhook a body: the default payload, or a text with the id of the record.',
  not_utf8: 'Have the sender encode the body as UTF-8, then send the record again.',
  not_json:
    'Compare the bytes kept with a sound body, correct the text configured for the webhook, and send the record again.',
  too_deep: 'Send the record in the shape that Zoho gives it, which is never nested this deeply.',
  too_many_keys: 'Send one record per delivery, which never has this many fields.',
  number_range: 'Send the number as text, or with fewer digits.',
  duplicate_key: 'Correct the sender: which of the two values counts would be a guess.',
}

/** A key as it may stand in a message: escaped, and cut so that a hostile one cannot fill a log. */
export function shownKey(key: string): string {
  return JSON.stringify(key.length > 40 ? `${key.slice(0, 40)}…` : key).toWellFormed()
}

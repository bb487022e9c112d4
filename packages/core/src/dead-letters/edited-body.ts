import type { DeadLetterWithBody } from '@tds/db'
import {
  changedPaths,
  exactStringify,
  parseExactJson,
  parseExactText,
  storedLimits,
  UnusableBody,
  type ExactJson,
} from '../json/index.ts'
import { unusable } from '../quarantine/corrected-event.ts'

/** What is to become of the body of a dead letter. */
export interface LetterEdit {
  /** A whole new body, as JSON in the form that a webhook has. */
  readonly payload?: Buffer | undefined
  /** Or what to make of the one that is there; its numbers are exact, and must stay so. */
  readonly revise?: ((body: ExactJson) => ExactJson) | undefined
}

/** A body after an edit, and where it differs from the original. */
export interface EditedBody {
  readonly bytes: Buffer
  /** JSON Pointers; null where the original cannot be read as JSON. */
  readonly changed: readonly string[] | null
}

const mostPaths = 100

/**
 * The body of a letter after an edit; null where the edit has none, so that the record is read from Zoho.
 *
 * @throws TdsError `correction_unusable` where there is no JSON to revise, or nothing would change.
 */
export function editedBody(letter: DeadLetterWithBody, edit: LetterEdit): EditedBody | null {
  if (edit.payload === undefined && edit.revise === undefined) return null
  const before = bodyOf(letter)
  const bytes = edit.payload ?? revised(before, edit)
  const after = jsonOf(() => parseExactJson(bytes).value)
  if (before === undefined || after === undefined) return { bytes, changed: null }
  const changed = changedPaths(before, after)
  if (edit.revise !== undefined && changed.length === 0)
    throw unusable('unchanged', 'It would change nothing.')
  return { bytes, changed: changed.slice(0, mostPaths) }
}

function revised(before: ExactJson | undefined, { revise }: LetterEdit): Buffer {
  if (before === undefined)
    throw unusable('not_json', 'The body cannot be read as JSON; give a whole one instead.')
  return Buffer.from(exactStringify(revise?.(before) ?? before))
}

/** As it came, where that is JSON; a form's as it was understood. */
function bodyOf({ raw_body: bytes, payload }: DeadLetterWithBody): ExactJson | undefined {
  const asItCame = bytes === null ? undefined : jsonOf(() => parseExactJson(bytes).value)
  if (asItCame !== undefined || payload === null) return asItCame
  return jsonOf(() => parseExactText(payload, storedLimits).value)
}

function jsonOf(read: () => ExactJson): ExactJson | undefined {
  try {
    return read()
  } catch (error) {
    if (error instanceof UnusableBody) return undefined
    throw error
  }
}

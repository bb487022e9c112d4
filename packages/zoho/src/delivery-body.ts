import { parseExactJson, UnusableBody, type ParsedJson } from '@tds/core'
import { bodyKindOf, isUtf8Declared } from './content-type.ts'
import { mostFormFields, readFormFields } from './form-fields.ts'
import { UnusableEnvelope } from './unusable-envelope.ts'

/** A body as received, with the headers that say how to read it. */
export interface DeliveryBody {
  readonly contentType: string | undefined
  readonly contentEncoding: string | undefined
  readonly rawBody: Buffer
}

/**
 * Reads the JSON of a body: the body itself, or the text in a form's `JSONString`. Nothing is ever inflated or
 * decoded from another charset. Throws UnusableBody and UnusableEnvelope.
 */
export function parseBody({ contentType, contentEncoding, rawBody }: DeliveryBody): ParsedJson {
  if (!['', 'identity'].includes(contentEncoding?.trim().toLowerCase() ?? '')) throw encoded()
  if (rawBody.length === 0) throw new UnusableBody('empty', 'The body is empty.')
  const kind = isUtf8Declared(contentType) ? bodyKindOf(contentType) : null
  if (kind === null) throw otherType()
  return parseExactJson(kind === 'json' ? rawBody : jsonStringOf(rawBody))
}

/** Other fields of the form are the operator's own parameters. */
function jsonStringOf(form: Buffer): Buffer {
  const fields = readFormFields(form)
  if (fields === null) {
    throw new UnusableBody('too_many_keys', `The form has more than ${String(mostFormFields)} fields.`)
  }
  const [first, ...more] = fields.filter(({ key }) => key.equals(jsonString))
  if (first === undefined) {
    throw new UnusableBody('not_json', 'The form has no field JSONString, which holds the JSON text.')
  }
  if (more.length > 0) throw new UnusableBody('duplicate_key', 'The form has the field JSONString twice.')
  return first.value
}

const jsonString = Buffer.from('JSONString')

function encoded(): UnusableEnvelope {
  return new UnusableEnvelope('encoding', {
    problem: 'The header Content-Encoding says that the body is compressed.',
    nextStep: 'Have the sender, or the proxy before us, send it plain.',
  })
}

function otherType(): UnusableEnvelope {
  return new UnusableEnvelope('content_type', {
    problem: 'The header Content-Type announces neither JSON nor a form in UTF-8.',
    nextStep: 'Set the webhook to application/json or application/x-www-form-urlencoded with charset UTF-8.',
  })
}

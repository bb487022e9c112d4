import {
  mergePatch,
  parseExactJson,
  parseExactText,
  readJsonPath,
  UnusableBody,
  withValueAt,
  type ExactJson,
  type JsonPath,
  type LetterEdit,
} from '@tds/core'
import type { OptionDefinition } from '../command.ts'
import { usageError } from '../output/failure.ts'
import type { Session } from '../session.ts'
import { readGiven } from './read-text.ts'

/** The ways to say what a body should be; exactly one kind is used. */
export const editOptions: readonly OptionDefinition[] = [
  [
    '--set <path=value>...',
    'put a value at a path such as item.rate or item.locations.0.location_id; may be given again. A value is JSON, kept to the digit; what is no JSON is text',
  ],
  [
    '--patch <source>',
    'a JSON merge patch (RFC 7386), which null removes by: @file, or - for standard input',
  ],
  [
    '--payload <source>',
    'the edited body as JSON, in the form that a webhook has: @file, or - for standard input',
  ],
  ['--read', 'read the record from Zoho instead'],
]

/** What these options give. */
export interface EditInput {
  readonly set?: readonly string[] | undefined
  readonly patch?: string | undefined
  readonly payload?: string | undefined
  readonly read?: true | undefined
}

/** Reads what a body should be. Numbers pass through no double on the way. */
export async function readEdit(session: Session, input: EditInput): Promise<LetterEdit> {
  const { set, patch, payload, read } = input
  const ways = [set, patch, payload, read].filter((way) => way !== undefined).length
  if (ways !== 1) throw usageError('exactly one is needed of --set, --patch, --payload and --read')
  if (payload !== undefined)
    return { payload: await readGiven(session, { flag: '--payload', source: payload }) }
  if (patch !== undefined) {
    const bytes = await readGiven(session, { flag: '--patch', source: patch })
    const laid = jsonOf('--patch', () => parseExactJson(bytes).value)
    return { revise: (body) => mergePatch(body, laid) }
  }
  if (set === undefined) return {}
  const puts = set.map(readPut)
  return { revise: (body) => puts.reduce(putInto, body) }
}

interface Put {
  readonly text: string
  readonly path: JsonPath
  readonly value: ExactJson
}

function readPut(argument: string): Put {
  const at = argument.indexOf('=')
  const text = argument.slice(0, at)
  const path = at < 1 ? null : readJsonPath(text)
  if (path === null) throw usageError('--set: expected path=value, such as item.rate=14.50')
  return { text, path, value: valueOf(argument.slice(at + 1)) }
}

function valueOf(text: string): ExactJson {
  try {
    return parseExactText(text).value
  } catch (error) {
    if (!(error instanceof UnusableBody)) throw error
    // A number that is too long to be kept shall not turn into text unseen.
    if (error.reason === 'not_json' || error.reason === 'empty') return text
    throw usageError(`--set: ${error.message}`)
  }
}

function putInto(body: ExactJson, { text, path, value }: Put): ExactJson {
  const edited = withValueAt(body, path, value)
  if (edited === null) throw usageError(`--set: the body has nothing that ${text} could be put into`)
  return edited
}

function jsonOf(flag: string, read: () => ExactJson): ExactJson {
  try {
    return read()
  } catch (error) {
    if (error instanceof UnusableBody) throw usageError(`${flag}: ${error.message}`)
    throw error
  }
}

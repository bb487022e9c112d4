import {
  answerLimits,
  ExactNumber,
  isExactObject,
  parseExactJson,
  shownKey,
  UnusableBody,
  type ExactObject,
} from '@tds/core'
import { TdsError, type HttpResponse } from '@tds/runtime'

/** An answer of Zoho's, read as far as its envelope. */
export interface ZohoAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /** The members of the body; empty where it is no JSON object. */
  readonly body: ExactObject
  /** Zoho's own code, the first thing to look at: it counts also on a 200. Null where the body has none. */
  readonly code: string | null
  /** Zoho's words, cut short. */
  readonly message: string
  /** Why the body could not be read, or null. */
  readonly unreadable: UnusableBody | null
}

/** Reads an answer without judging it. A body that is no JSON (a proxy's page, nothing at all) is kept as a fault. */
export function readAnswer({ status, headers, body: bytes }: HttpResponse): ZohoAnswer {
  const { body, unreadable } = readObject(bytes)
  const code = body['code']
  return {
    status,
    headers,
    body,
    code: code instanceof ExactNumber ? code.source : typeof code === 'string' ? code : null,
    message: textOf(body, 'message').slice(0, longestMessage),
    unreadable,
  }
}

/** A member as text; blank where it is none. */
export function textOf(body: ExactObject, key: string): string {
  const value = body[key]
  return typeof value === 'string' ? value : ''
}

/** The answer could not be read: no JSON is a passing fault of the way here, JSON beyond our limits will stay so. */
export function unreadableAnswer(cause: UnusableBody | null, facts: Record<string, unknown>): TdsError {
  const passing = cause === null || ['empty', 'not_utf8', 'not_json'].includes(cause.reason)
  return new TdsError(
    `Zoho's answer cannot be read: ${cause?.message ?? 'it is not an object of the expected shape.'}`,
    {
      code: passing ? 'zoho_unreadable' : 'zoho_unsupported_answer',
      disposition: passing ? 'retry' : 'dead-letter',
      nextStep: passing
        ? 'It is asked for again by itself; if it stays, look at what stands between here and Zoho.'
        : 'Look at the record in Zoho; correct it there, then replay.',
      facts,
      cause: cause ?? undefined,
    },
  )
}

/** A good answer without what was asked for: a change of Zoho's that nobody may guess about. */
export function unexpectedAnswer(
  problem: string,
  body: ExactObject,
  { entity, zohoId }: { readonly entity: { readonly type: string }; readonly zohoId: string | null },
): TdsError {
  return new TdsError(`Zoho's answer ${problem}.`, {
    code: 'zoho_unexpected_answer',
    disposition: 'dead-letter',
    nextStep:
      'Compare the answer of Zoho with docs/reference/zoho.md; if its shape has changed, the entity file must follow.',
    facts: {
      entity: entity.type,
      zohoId,
      keys: Object.keys(body)
        .slice(0, 20)
        .map((key) => shownKey(key)),
    },
  })
}

const longestMessage = 200

function readObject(bytes: Buffer): Pick<ZohoAnswer, 'body' | 'unreadable'> {
  const nothing = Object.create(null) as ExactObject
  try {
    const { value } = parseExactJson(bytes, answerLimits)
    return { body: isExactObject(value) ? value : nothing, unreadable: null }
  } catch (error) {
    if (error instanceof UnusableBody) return { body: nothing, unreadable: error }
    throw error
  }
}

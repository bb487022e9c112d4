import {
  ExactNumber,
  isExactObject,
  shownKey,
  type ExactObject,
  type RecordAnswer,
  type RecordRequest,
  type RecordSource,
} from '@tds/core'
import { TdsError } from '@tds/runtime'
import { readAnswer, type ZohoAnswer } from './answer.ts'
import { errorOf, faultOf } from './fault.ts'
import { tokenSource, type TokenOptions, type TokenSource } from './token.ts'

/** How Zoho is reached: `http` bounds time and size, the rest says where and as whom. */
export type ZohoSourceOptions = TokenOptions

/**
 * Reads records from Zoho Books and Inventory: one GET of the detail, and one more with a new token when the first was
 * refused. Throws TdsError; docs/reference/errors.md lists the codes, all beginning with `zoho_`, beside `transport`.
 */
export function zohoRecordSource(options: ZohoSourceOptions): RecordSource {
  const tokens = tokenSource(options)
  return {
    read: async (request) => {
      const answer = await askWithToken(request, options, tokens)
      return judge(answer, request)
    },
  }
}

async function askWithToken(
  request: RecordRequest,
  options: ZohoSourceOptions,
  tokens: TokenSource,
): Promise<ZohoAnswer> {
  const token = await tokens.current()
  const answer = await ask(request, options, token)
  // 57 means an expired token or a missing scope; only a second refusal tells which.
  if (faultOf(answer) !== 'token') return answer
  return ask(request, options, await tokens.renewed(token))
}

async function ask(request: RecordRequest, options: ZohoSourceOptions, token: string): Promise<ZohoAnswer> {
  const { entity, zohoId, organizationId, signal } = request
  const { root, path } = entity.source
  const record = `${options.apiUrl.replace(/\/+$/, '')}${root}${path}/${encodeURIComponent(zohoId)}`
  const response = await options.http.request({
    method: 'GET',
    url: `${record}?organization_id=${encodeURIComponent(organizationId)}`,
    headers: { authorization: `Zoho-oauthtoken ${token}`, accept: 'application/json' },
    signal,
  })
  return readAnswer(response)
}

function judge(answer: ZohoAnswer, request: RecordRequest): RecordAnswer {
  const fault = faultOf(answer)
  if (fault === null) return { kind: 'found', record: detailOf(answer, request) }
  if (fault === 'not-there') return { kind: 'not-there' }
  throw errorOf(fault, answer, request)
}

/** The record in a good answer; one without it, or with another, is a change of Zoho's that nobody may guess about. */
function detailOf({ body }: ZohoAnswer, request: RecordRequest): ExactObject {
  const { wrapper, id } = request.entity.source
  const record = body[wrapper]
  if (!isExactObject(record)) throw unexpectedAnswer(`has no object "${wrapper}"`, body, request)
  const named = record[id]
  if ((named instanceof ExactNumber ? named.source : named) !== request.zohoId) {
    throw unexpectedAnswer('is about another record than the one asked for', body, request)
  }
  return record
}

function unexpectedAnswer(problem: string, body: ExactObject, { entity, zohoId }: RecordRequest): TdsError {
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

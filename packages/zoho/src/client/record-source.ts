import { ExactNumber, isExactObject, type ExactObject, type RecordAnswer, type RecordSource } from '@tds/core'
import { unexpectedAnswer, type ZohoAnswer } from './answer.ts'
import type { ZohoClient } from './client.ts'
import { errorOf, faultOf, type RecordRequest } from './fault.ts'
import { pageQuery, readListPage } from './list-page.ts'
import { readMany } from './read-many.ts'

/**
 * Reads records from Zoho Books and Inventory, with one GET of a detail, or of many where Zoho has that. Throws TdsError;
 * docs/reference/errors.md lists the codes, all beginning with `zoho_`, beside `transport`.
 */
export function zohoRecordSource(client: ZohoClient): RecordSource {
  return {
    admit: async (wish) => {
      const { organizationId, lane, entity, signal } = wish
      const call = await client.admit({ organizationId, lane, purpose: entity.type, signal })
      return {
        read: async (zohoId) => {
          const { root, path } = entity.source
          const answer = await call.get({ path: `${root}${path}/${encodeURIComponent(zohoId)}` })
          return judge(answer, { ...wish, zohoId })
        },
        readMany: (zohoIds) => readMany(call, wish, zohoIds),
        readPage: async (page) => readListPage(await call.get(pageQuery(entity, page)), entity),
        release: () => call.release(),
      }
    },
  }
}

interface RecordOf extends RecordRequest {
  readonly zohoId: string
}

function judge(answer: ZohoAnswer, request: RecordOf): RecordAnswer {
  const fault = faultOf(answer)
  if (fault === null) return { kind: 'found', record: detailOf(answer, request) }
  if (fault === 'not-there') return { kind: 'not-there' }
  throw errorOf(fault, answer, request)
}

/** The record in a good answer; one without it, or with another, is a change of Zoho's that nobody may guess about. */
function detailOf({ body }: ZohoAnswer, request: RecordOf): ExactObject {
  const { wrapper, id } = request.entity.source
  const record = body[wrapper]
  if (!isExactObject(record)) throw unexpectedAnswer(`has no object "${wrapper}"`, body, request)
  const named = record[id]
  if ((named instanceof ExactNumber ? named.source : named) !== request.zohoId) {
    throw unexpectedAnswer('is about another record than the one asked for', body, request)
  }
  return record
}

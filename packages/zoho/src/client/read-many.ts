import { ExactNumber, isExactObject, type CallWish, type ExactObject } from '@tds/core'
import { unexpectedAnswer } from './answer.ts'
import type { AdmittedGet } from './client.ts'
import { errorOf, faultOf } from './fault.ts'

/**
 * Reads the details of many records with one GET, by id. What Zoho leaves out is left out: it may be there all the same.
 * Throws TdsError like reading one; RangeError where the type has no such call or the ids are too many for it.
 */
export async function readMany(
  call: AdmittedGet,
  { entity }: Pick<CallWish, 'entity'>,
  zohoIds: readonly string[],
): Promise<Map<string, ExactObject>> {
  const { bulk, root, id } = entity.source
  if (bulk === null || zohoIds.length > bulk.limit) {
    throw new RangeError(`${entity.type} cannot be read ${String(zohoIds.length)} at once`)
  }
  const query = { [bulk.parameter]: zohoIds.join(','), per_page: String(bulk.limit) }
  const answer = await call.get({ path: `${root}${bulk.path}`, query })
  const request = { entity, zohoId: zohoIds.join(',') }
  const fault = faultOf(answer)
  if (fault === 'not-there') return new Map()
  if (fault !== null) throw errorOf(fault, answer, request)
  const rows = answer.body[bulk.listKey]
  if (!Array.isArray(rows)) throw unexpectedAnswer(`has no list "${bulk.listKey}"`, answer.body, request)
  const asked = new Set(zohoIds)
  return new Map(
    rows.filter(isExactObject).flatMap((record) => {
      const named = record[id]
      const zohoId = named instanceof ExactNumber ? named.source : named
      return typeof zohoId === 'string' && asked.has(zohoId) ? [[zohoId, record] as const] : []
    }),
  )
}

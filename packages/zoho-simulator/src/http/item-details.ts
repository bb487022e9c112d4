import { kinds } from '../world/kinds.ts'
import { invalidValue, success, type Answer } from './answer.ts'
import type { ApiParts, ApiRequest } from './call.ts'
import { cutPage, pageContext, readPage } from './page.ts'

/** Answers `GET /itemdetails?item_ids=a,b,c`: the details of many items at once; ids that are not there are left out. */
export function answerItemDetails({ query, root }: ApiRequest, { world, lag, switches }: ApiParts): Answer {
  const page = readPage(query, switches.defaultPerPage)
  if ('refusal' in page) return page.refusal
  const ids = [...new Set((query.get('item_ids') ?? '').split(',').filter((id) => id !== ''))]
  if (ids.length === 0) return invalidValue('item_ids')
  const { product } = kinds
  const records = ids.flatMap((id) => {
    const record = lag.shown('product', id)
    return record === undefined || record.deleted ? [] : [record]
  })
  const { rows, hasMore } = cutPage(records, page)
  const { reportName, defaultFilter: appliedFilter, defaultSort: sort } = product.list
  return success({
    items: rows.map((record) => product.detail(record, { world, root })),
    page_context: pageContext({ page, hasMore, reportName, appliedFilter, sort }),
  })
}

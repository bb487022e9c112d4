import { isExactObject, writeInstant, type ExactJson, type ListPage, type PageWish } from '@tds/core'
import { unexpectedAnswer, type ZohoAnswer } from './answer.ts'
import type { ZohoQuery } from './client.ts'
import { errorOf, faultOf, type RecordRequest } from './fault.ts'

type ListedEntity = RecordRequest['entity']

/** The query of one page: always with a filter and a sort where the list knows them, because its own are not to be relied on. */
export function pageQuery({ source }: ListedEntity, wish: PageWish): ZohoQuery {
  const { filterBy, sortColumn } = source.list
  return {
    path: `${source.root}${source.path}`,
    query: {
      page: String(wish.page),
      per_page: String(wish.perPage),
      ...(filterBy === null ? {} : { filter_by: filterBy }),
      ...(sortColumn === null ? {} : { sort_column: sortColumn, sort_order: 'A' }),
      ...(wish.modifiedSince === null ? {} : { last_modified_time: zohoTime(wish.modifiedSince) }),
    },
  }
}

/** Reads a page; throws TdsError for any fault, and for an answer that is no page. */
export function readListPage(answer: ZohoAnswer, entity: ListedEntity): ListPage {
  const request = { entity, zohoId: null }
  const fault = faultOf(answer)
  // A list cannot be absent as a record can: then its address is wrong.
  if (fault !== null) throw errorOf(fault === 'not-there' ? 'path' : fault, answer, request)
  const rows = answer.body[entity.source.listKey]
  const hasMore = saysMore(answer)
  if (!Array.isArray(rows) || !rows.every(isExactObject))
    throw unexpectedAnswer(`has no list "${entity.source.listKey}"`, answer.body, request)
  if (hasMore === null) throw unexpectedAnswer('does not say whether there is more', answer.body, request)
  return { rows, hasMore }
}

/** Whether a list says that there is more; null where it says nothing. One of Zoho's documents shows the object as an array of one. */
export function saysMore({ body }: ZohoAnswer): boolean | null {
  const value = body['page_context']
  const context: ExactJson | undefined = Array.isArray(value) ? value[0] : value
  const more = context !== undefined && isExactObject(context) ? context['has_more_page'] : undefined
  return typeof more === 'boolean' ? more : null
}

/** Whole seconds, rounded down, and an offset without a colon: `2026-07-21T15:03:55+0000`. */
function zohoTime(instant: number): string {
  return `${writeInstant(instant).slice(0, 19)}+0000`
}

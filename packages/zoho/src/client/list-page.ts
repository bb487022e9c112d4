import { isExactObject, writeInstant, type ExactJson, type ListPage, type PageWish } from '@tds/core'
import { TdsError } from '@tds/runtime'
import type { ZohoAnswer } from './answer.ts'
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
  const fault = faultOf(answer)
  // A list cannot be absent as a record can: then its address is wrong.
  if (fault !== null) throw errorOf(fault === 'not-there' ? 'path' : fault, answer, { entity, zohoId: null })
  const rows = answer.body[entity.source.listKey]
  const hasMore = pageContext(answer.body['page_context'])
  if (!Array.isArray(rows) || !rows.every(isExactObject)) throw noPage('has no list of records', entity)
  if (hasMore === null) throw noPage('does not say whether there is more', entity)
  return { rows, hasMore }
}

/** An object; one of Zoho's documents shows it as an array of one. */
function pageContext(value: ExactJson | undefined): boolean | null {
  const context: ExactJson | undefined = Array.isArray(value) ? value[0] : value
  const more = context !== undefined && isExactObject(context) ? context['has_more_page'] : undefined
  return typeof more === 'boolean' ? more : null
}

function noPage(problem: string, entity: ListedEntity): TdsError {
  return new TdsError(`Zoho's list ${problem}.`, {
    code: 'zoho_unexpected_answer',
    disposition: 'dead-letter',
    nextStep:
      'Compare the answer of Zoho with docs/reference/zoho.md; if its shape has changed, the entity file must follow.',
    facts: { entity: entity.type },
  })
}

/** Whole seconds, rounded down, and an offset without a colon: `2026-07-21T15:03:55+0000`. */
function zohoTime(instant: number): string {
  return `${writeInstant(instant).slice(0, 19)}+0000`
}

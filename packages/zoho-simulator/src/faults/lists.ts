import { isJsonObject, type Json, type JsonObject } from '../exact/json.ts'
import type { Answer } from '../http/answer.ts'
import type { Fault } from './fault.ts'

/** A list says what is not so. */
export const listFaults = {
  'empty-list': {
    tells: 'A list without rows that says that there are no more, under 200.',
    bend: (answer) => withList(answer, { rows: () => [], context: { has_more_page: false } }),
  },
  'short-page': {
    tells: 'A page that lacks the second half of its rows, and says of further pages what is so.',
    bend: (answer) => withList(answer, { rows: (rows) => rows.slice(0, Math.floor(rows.length / 2)) }),
  },
  'repeated-page': {
    tells: 'The page before in place of the one asked for.',
    ask: (request) => {
      const query = new URLSearchParams(request.query)
      const page = Number(query.get('page') ?? '1')
      if (page > 1) query.set('page', String(page - 1))
      return { ...request, query }
    },
  },
  'repeated-rows': {
    tells: 'A page whose last row is its first once more.',
    bend: (answer) => withList(answer, { rows: (rows) => [...rows.slice(0, -1), ...rows.slice(0, 1)] }),
  },
  'endless-list': {
    tells: 'has_more_page is true on every page.',
    bend: (answer) => withList(answer, { context: { has_more_page: true } }),
  },
  'ended-list': {
    tells: 'has_more_page is false on every page.',
    bend: (answer) => withList(answer, { context: { has_more_page: false } }),
  },
} satisfies Record<string, Fault>

interface Bending {
  rows?: (rows: Json[]) => Json[]
  context?: JsonObject
}

function withList(answer: Answer, { rows, context }: Bending): Answer {
  if (!isJsonObject(answer.body) || !isJsonObject(answer.body['page_context'])) return answer
  const entries = Object.entries(answer.body).map(([key, value]): [string, Json] => {
    if (key === 'page_context' && isJsonObject(value)) return [key, { ...value, ...context }]
    return [key, Array.isArray(value) && rows !== undefined ? rows(value) : value]
  })
  return { ...answer, body: Object.fromEntries(entries) }
}

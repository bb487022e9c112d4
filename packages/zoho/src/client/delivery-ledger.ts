import {
  entities,
  ExactNumber,
  isExactObject,
  ledgerUnavailable,
  readZohoTime,
  type DeliveryLedger,
  type EntityType,
  type ExactJson,
  type ExactObject,
  type FailedDelivery,
  type LedgerPage,
} from '@tds/core'
import { TdsError } from '@tds/runtime'
import type { ZohoAnswer } from './answer.ts'
import type { ZohoClient } from './client.ts'
import { errorOf, faultOf, type Fault } from './fault.ts'
import { saysMore } from './list-page.ts'

/** What calls for the list are counted under. */
const purpose = 'webhook_ledger'

/**
 * Reads Zoho's history of webhooks, failed ones only, with one GET for a page. Zoho's documents say that there is such a
 * list and not what it looks like: whatever does not fit says so, and is never guessed at.
 */
export function zohoDeliveryLedger(client: ZohoClient): DeliveryLedger {
  return {
    readPage: async ({ organizationId, page, perPage, signal }) => {
      const call = await client.admit({ organizationId, lane: 'repair', purpose, signal })
      const query = { filter_by: 'Status.Failed', page: String(page), per_page: String(perPage) }
      return readLedgerPage(await call.get({ path: '/books/v3/settings/webhooks/histories', query }))
    },
  }
}

/** Reads a page. Throws TdsError for any fault, `zoho_ledger_unavailable` for an answer that is no such list. */
function readLedgerPage(answer: ZohoAnswer): LedgerPage {
  const fault = faultOf(answer)
  if (fault !== null) throw faultError(fault, answer)
  const rows = answer.body['webhook_histories']
  const hasMore = saysMore(answer)
  if (!Array.isArray(rows) || hasMore === null) throw unavailable('its answer has another shape', answer)
  const read = rows.map(failureIn)
  const failures = read.filter((failure) => failure !== null)
  return { failures, unreadable: rows.length - failures.length, hasMore }
}

/** That it is not there, not for us, or not as we know it, is one thing: we have no such list. */
function faultError(fault: Fault, answer: ZohoAnswer): TdsError {
  // With status 400 a refused token stands for a wrong organisation.
  const why = fault === 'token' && answer.status === 400 ? undefined : refusals[fault]
  if (why !== undefined) return unavailable(why, answer)
  const known = fault === 'not-there' ? 'path' : fault
  return errorOf(known, answer, { entity: { type: purpose }, zohoId: null })
}

const refusals: Readonly<Partial<Record<Fault, string>>> = {
  'not-there': 'it says that there is none',
  path: 'it does not know the address',
  hidden: 'our user may not see it',
  token: 'it refuses it to a token that it has just issued',
  refused: 'it refuses the request',
}

function unavailable(why: string, { status, code }: ZohoAnswer): TdsError {
  return new TdsError(
    `Zoho does not show its list of failed webhooks: ${why} (status ${String(status)}, code ${code ?? 'none'}).`,
    {
      code: ledgerUnavailable,
      disposition: 'reject',
      nextStep:
        'Check that the refresh token has the scope ZohoBooks.settings.READ and that the plan has workflow rules. It is asked for again after a day; until then incremental reads and reconciliation find what webhooks miss.',
      facts: { status, zohoCode: code },
    },
  )
}

/** Null for a row that does not say which record it was about, or when. */
function failureIn(row: ExactJson): FailedDelivery | null {
  if (!isExactObject(row)) return null
  const [id, module, zohoId] = [idIn(row, 'history_id'), idIn(row, 'entity'), idIn(row, 'entity_id')]
  const failedAt = timeIn(row, 'last_execution_time')
  if (id === null || module === null || zohoId === null || failedAt === null) return null
  return { id, module, zohoId, failedAt, entityType: typesByWord.get(module) ?? null }
}

const typesByWord: ReadonlyMap<string, EntityType> = new Map(
  entities.flatMap(({ type, source }) =>
    [source.wrapper, source.listKey, ...source.names].map((word) => [word, type] as const),
  ),
)

function idIn(row: ExactObject, key: string): string | null {
  const value = row[key]
  const text = value instanceof ExactNumber ? value.source : value
  return typeof text === 'string' && text !== '' ? text : null
}

/** In microseconds, as instants are. */
function timeIn(row: ExactObject, key: string): number | null {
  try {
    return readZohoTime(row[key] ?? null).getTime() * 1000
  } catch (error) {
    if (error instanceof TdsError) return null
    throw error
  }
}

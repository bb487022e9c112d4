import type { JsonObject } from '../exact/json.ts'
import type { LedgerEntry } from '../webhooks/ledger.ts'
import { kinds } from '../world/kinds.ts'
import { invalidValue, notThere, success, type Answer } from './answer.ts'
import type { ApiParts, ApiRequest } from './call.ts'
import { cutPage, pageContext, readPage } from './page.ts'
import { webhookId } from './watched-kinds.ts'

/** Answers what was sent, the latest first. */
export function listHistories(request: ApiRequest, parts: ApiParts): Answer {
  const chosen = chooseEntries(request, parts)
  if ('refusal' in chosen) return chosen.refusal
  return page(request, chosen.entries, { key: 'webhook_histories', row: historyRow, parts })
}

/** Answers every run of a rule, the latest first. */
export function listWorkflowLogs(request: ApiRequest, parts: ApiParts): Answer {
  const chosen = chooseEntries(request, parts)
  if ('refusal' in chosen) return chosen.refusal
  return page(request, chosen.entries, { key: 'workflow_logs', row: logRow, parts })
}

function chooseEntries(
  { query }: ApiRequest,
  { ledger }: ApiParts,
): { entries: LedgerEntry[] } | { refusal: Answer } {
  const status = query.get('filter_by') ?? 'Status.All'
  const wanted = Object.hasOwn(historyFilters, status) ? historyFilters[status] : undefined
  if (wanted === undefined) return { refusal: invalidValue('filter_by') }
  const entity = query.get('entity_id')
  const webhook = query.get('webhook_id')
  const entries = ledger
    .entries()
    .filter(
      (entry) =>
        wanted.includes(entry.status) &&
        (entity === null || entity === entry.delivery.id) &&
        (webhook === null || webhook === webhookId(entry.delivery.type)),
    )
  return { entries }
}

const historyFilters: Readonly<Record<string, readonly LedgerEntry['status'][]>> = {
  'Status.All': ['success', 'failure', 'not_sent'],
  'Status.Success': ['success'],
  'Status.Failed': ['failure', 'not_sent'],
}

interface ListForm {
  key: string
  row: (entry: LedgerEntry) => JsonObject
  parts: ApiParts
}

function page({ query }: ApiRequest, entries: LedgerEntry[], { key, row, parts }: ListForm): Answer {
  const asked = readPage(query, parts.switches.defaultPerPage)
  if ('refusal' in asked) return asked.refusal
  const { rows, hasMore } = cutPage(entries, asked)
  const context = pageContext({
    page: asked,
    hasMore,
    reportName: 'Webhook Histories',
    appliedFilter: query.get('filter_by') ?? 'Status.All',
    sort: { column: 'last_execution_time', order: 'D' },
  })
  return success({ [key]: rows.map(row), page_context: context })
}

/** Answers one webhook with what was sent and what was answered. */
export function showHistory(id: string, { ledger }: ApiParts): Answer {
  const entry = ledger.get(id)
  if (entry === undefined) return notThere('Webhook History', 1002)
  const { body, headers } = entry.delivery
  return success({
    webhook_history: {
      ...historyRow(entry),
      request_body: body.toString(),
      content_type: headers['Content-Type'] ?? '',
      response_body: entry.result.answer,
    },
  })
}

function historyRow({ id, at, target, delivery, status, result, resent }: LedgerEntry): JsonObject {
  const kind = kinds[delivery.type]
  return {
    history_id: id,
    webhook_id: webhookId(delivery.type),
    webhook_name: `${kind.resource} webhook`,
    entity: kind.wrapper,
    entity_id: delivery.id,
    method: delivery.method,
    url: target.replace(/\/$/, '') + delivery.path,
    status,
    response_code: result.status ?? '',
    error_message: result.error ?? '',
    retry_count: Math.max(0, result.attempts - 1),
    resend_count: resent,
    last_execution_time: at,
  }
}

function logRow(entry: LedgerEntry): JsonObject {
  const kind = kinds[entry.delivery.type]
  return {
    log_id: `9${entry.id.slice(1)}`,
    workflow_name: `${kind.resource} rule`,
    entity: kind.wrapper,
    entity_id: entry.delivery.id,
    event: entry.delivery.mutation,
    action_type: 'webhook',
    history_id: entry.id,
    status: entry.status,
    executed_time: entry.at,
  }
}

/** Sends up to ten webhooks again. */
export function resendMany({ query }: ApiRequest, parts: ApiParts): Answer {
  const ids = (query.get('history_ids') ?? '').split(',').filter((id) => id !== '')
  return ids.length === 0 || ids.length > mostAtOnce ? invalidValue('history_ids') : resend(ids, parts)
}

const mostAtOnce = 10

/** Sends webhooks again, without waiting for what comes of them. */
export function resend(ids: readonly string[], { ledger }: ApiParts): Answer {
  const entries = ids.map((id) => ledger.get(id))
  if (entries.some((entry) => entry === undefined)) return notThere('Webhook History', 1002)
  for (const entry of entries) if (entry !== undefined) ledger.resend(entry)
  return { status: 200, body: { code: 0, message: 'The webhook has been resent.' } }
}

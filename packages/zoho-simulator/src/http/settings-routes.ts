import type { JsonObject } from '../exact/json.ts'
import type { LedgerEntry } from '../webhooks/ledger.ts'
import { kinds } from '../world/kinds.ts'
import { recordTypes } from '../world/record-type.ts'
import { invalidValue, notThere, success, type Answer } from './answer.ts'
import type { ApiParts, ApiRequest, Route } from './call.ts'
import { cutPage, pageContext, readPage } from './page.ts'

/**
 * What the settings tell of webhooks. That these paths exist is documented; the keys of their answers are a plain
 * choice of ours, named in docs/reference/simulator.md.
 */
export function settingsRoute([first, second, third, fourth, ...rest]: string[]): Route | null {
  if (rest.length > 0) return null
  if (first === 'workflows') return workflowRoute(second, third)
  if (first !== 'webhooks') return null
  if (second === undefined) return reading(listWebhooks)
  if (second !== 'histories') return null
  if (third === undefined) return reading(listHistories)
  if (third === 'bulkresend') return fourth === undefined ? resending(resendMany) : null
  if (fourth === undefined) return reading((_, parts) => showHistory(third, parts))
  return fourth === 'resend' ? resending((_, parts) => resend([third], parts)) : null
}

function workflowRoute(second: string | undefined, third: string | undefined): Route | null {
  if (third !== undefined) return null
  if (second === undefined) return reading(listWorkflows)
  return second === 'logs' ? reading(listWorkflowLogs) : null
}

const scopes = { books: 'settings', inventory: 'settings' } as const

function reading(answer: Route['answer']): Route {
  return { method: 'GET', scopes, needsOrganization: true, counted: true, answer }
}

function resending(answer: Route['answer']): Route {
  return { method: 'POST', scopes, needsOrganization: true, counted: true, answer }
}

/** One webhook for every kind of record that Zoho can watch, and its rule of the same number. */
function watchedKinds() {
  return recordTypes.flatMap((type, index) =>
    type === 'price_list' ? [] : [{ kind: kinds[type], number: String(index + 1).padStart(2, '0') }],
  )
}

function webhookId(type: string): string {
  const watched = watchedKinds().find(({ kind }) => kind.type === type)
  return `4603200000800000${watched?.number ?? '00'}`
}

function listWebhooks(): Answer {
  const webhooks = watchedKinds().map(({ kind }) => ({
    webhook_id: webhookId(kind.type),
    webhook_name: `${kind.resource} webhook`,
    entity: kind.wrapper,
    method: 'POST',
  }))
  return success({ webhooks })
}

function listWorkflows(_: ApiRequest, { switches }: ApiParts): Answer {
  const { webhookRetries, webhookRetryDelayMs, webhookRetryFactor } = switches
  const workflows = watchedKinds().map(({ kind, number }) => ({
    workflow_id: `4603200000700000${number}`,
    workflow_name: `${kind.resource} rule`,
    entity: kind.wrapper,
    is_active: true,
    webhook_id: webhookId(kind.type),
    retry_policy: {
      retry_count: webhookRetries,
      first_interval_ms: webhookRetryDelayMs,
      interval_factor: webhookRetryFactor,
    },
  }))
  return success({ workflows })
}

function listHistories(request: ApiRequest, parts: ApiParts): Answer {
  const chosen = chooseEntries(request, parts)
  if ('refusal' in chosen) return chosen.refusal
  return page(request, chosen.entries, { key: 'webhook_histories', row: historyRow, parts })
}

function listWorkflowLogs(request: ApiRequest, parts: ApiParts): Answer {
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

function showHistory(id: string, { ledger }: ApiParts): Answer {
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

function resendMany({ query }: ApiRequest, parts: ApiParts): Answer {
  const ids = (query.get('history_ids') ?? '').split(',').filter((id) => id !== '')
  return ids.length === 0 || ids.length > mostAtOnce ? invalidValue('history_ids') : resend(ids, parts)
}

const mostAtOnce = 10

function resend(ids: readonly string[], { ledger }: ApiParts): Answer {
  const entries = ids.map((id) => ledger.get(id))
  if (entries.some((entry) => entry === undefined)) return notThere('Webhook History', 1002)
  for (const entry of entries) if (entry !== undefined) ledger.resend(entry)
  return { status: 200, body: { code: 0, message: 'The webhook has been resent.' } }
}

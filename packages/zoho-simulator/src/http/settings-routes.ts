import { success, type Answer } from './answer.ts'
import type { ApiParts, ApiRequest, Route } from './call.ts'
import { watchedKinds, webhookId } from './watched-kinds.ts'
import { listHistories, listWorkflowLogs, resend, resendMany, showHistory } from './webhook-histories.ts'

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

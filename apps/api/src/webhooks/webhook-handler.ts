import type { IncomingMessage, ServerResponse } from 'node:http'
import { childLogger, counter, histogram } from '@tds/runtime'
import { answerAndClose } from '../http/lingering.ts'
import type { Sender } from '../http/sender.ts'
import { problemAnswer, storedAnswer, type WebhookAnswer } from './answers.ts'
import { authenticate, type WebhookSecrets } from './authenticate.ts'
import { turnForLarge } from './large-bodies.ts'
import { readBody } from './read-body.ts'
import type { Refusal, Refusals } from './refusals.ts'
import { isPassing, takeDelivery, type TakenAnswer, type TakingParts } from './take-delivery.ts'
import type { WebhookRoute } from './webhook-routes.ts'

/** What answering webhooks needs. */
export interface WebhookParts extends TakingParts {
  readonly routes: ReadonlyMap<string, WebhookRoute>
  readonly refusals: Pick<Refusals, 'note'>
  readonly secrets: WebhookSecrets
  /** Largest body accepted, in bytes. */
  readonly bodyLimit: number
  readonly senderOf: (request: IncomingMessage) => Sender
  /** Whether the server is being stopped, and connections close after their answer. */
  readonly isDraining: () => boolean
}

const log = childLogger('api:webhooks')

const requests = counter({
  name: 'tds_webhook_requests_total',
  help: 'Requests to webhook paths by resource and what was answered.',
  labelNames: ['resource', 'answer'],
})
const seconds = histogram({
  name: 'tds_webhook_seconds',
  help: 'Time from the arrival of a delivery to its answer.',
  labelNames: ['answer'],
  buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 3, 5],
})
const authentic = counter({
  name: 'tds_webhook_authentic_total',
  help: 'Authentic deliveries by what proved it: which secret by its place in the list, and in which form.',
  labelNames: ['by', 'secret', 'form'],
})

/** What a request came to, for the counters. */
type Answered =
  | TakenAnswer['outcome']
  | 'method'
  | 'not_found'
  | 'too_large'
  | 'not_authentic'
  | 'unavailable'
  | 'failed'
  | 'broken_off'

/** One request on its way through. */
interface Visit {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly sender: Sender
  readonly startedAt: number
  readonly route: WebhookRoute | undefined
  /** The pairs of the query string, decoded. */
  readonly query: readonly (readonly [string, string])[]
}

/** Answers a request whose path begins with `/webhooks/`; the order of the checks is that of docs/reference/api.md. */
export type WebhookHandler = (request: IncomingMessage, response: ServerResponse) => void

/** Makes the handler of all webhooks. */
export function webhookHandler(parts: WebhookParts): WebhookHandler {
  return (request, response) => {
    const startedAt = performance.now()
    const { path, query } = addressOf(request.url ?? '')
    const visit = {
      request,
      response,
      sender: parts.senderOf(request),
      startedAt,
      route: parts.routes.get(path),
      query,
    }
    receive(visit, parts).catch((error: unknown) => {
      answerFailure(visit, error, parts)
    })
  }
}

async function receive(visit: Visit, parts: WebhookParts): Promise<void> {
  const { request, sender, route, query } = visit
  if (request.method !== 'POST') {
    refuse(visit, parts, { answer: 405, reason: 'method' })
    return
  }
  if (route === undefined) {
    refuse(visit, parts, { answer: 404, reason: 'path' })
    return
  }
  const body = await readBody(request, parts.bodyLimit)
  if (body.kind === 'broken_off') {
    count(visit, 'broken_off')
    return
  }
  if (body.kind === 'too_large') {
    refuse(visit, parts, { answer: 413, reason: 'body_limit', size: body.size })
    return
  }
  const { rawBody } = body
  const turn = turnForLarge(rawBody.length)
  if (turn !== undefined) await turn
  const authentication = authenticate({ headers: request.headers, query, rawBody }, parts.secrets)
  if (!authentication.authentic) {
    refuse(visit, parts, { answer: 401, reason: authentication.reason, rawBody })
    return
  }
  const { by, secret, form } = authentication
  authentic.inc({ by, secret: String(secret), form })
  const answer = await takeDelivery(
    { route, headers: request.headers, query, rawBody, sender, authenticatedBy: by },
    parts,
  )
  log.debug('delivery stored', { requestId: sender.requestId, ...answer })
  send(visit, parts, storedAnswer(answer, sender.requestId))
  count(visit, answer.outcome)
}

const noQuery: readonly (readonly [string, string])[] = []

function addressOf(url: string) {
  const mark = url.indexOf('?')
  return mark === -1
    ? { path: url, query: noQuery }
    : { path: url.slice(0, mark), query: [...new URLSearchParams(url.slice(mark + 1))] }
}

function resourceOf({ route }: Visit): string {
  return route?.entity.resource ?? 'unknown'
}

type RefusalFacts = Pick<Refusal, 'answer' | 'reason'> & Partial<Pick<Refusal, 'size' | 'rawBody'>>

function refuse(visit: Visit, parts: WebhookParts, facts: RefusalFacts): void {
  const { request, sender } = visit
  const size = facts.size ?? facts.rawBody?.length ?? Number(request.headers['content-length'] ?? 0)
  parts.refusals.note({ ...facts, ...sender, resource: resourceOf(visit), size })
  const { kind, answer, ...told } = refusalAnswers[facts.answer]
  count(visit, answer)
  send(visit, parts, problemAnswer(kind, { requestId: sender.requestId, ...told }))
}

/** One body for each kind of refusal, whatever the reason: the counters and the log know it, strangers do not. */
const refusalAnswers = {
  401: {
    kind: 'not_authentic',
    answer: 'not_authentic',
    detail: 'Send a valid X-Zoho-Webhook-Signature or X-Webhook-Key.',
    headers: ['WWW-Authenticate', 'WebhookSignature'],
  },
  404: { kind: 'not_found', answer: 'not_found', detail: 'No webhook has this path; /docs lists them.' },
  405: {
    kind: 'method_not_allowed',
    answer: 'method',
    detail: 'Deliveries are sent with POST.',
    headers: ['Allow', 'POST'],
  },
  413: { kind: 'body_too_large', answer: 'too_large', detail: 'The body is larger than WEBHOOK_BODY_LIMIT.' },
} as const

function answerFailure(visit: Visit, error: unknown, parts: WebhookParts): void {
  const { requestId } = visit.sender
  const passing = isPassing(error)
  count(visit, passing ? 'unavailable' : 'failed')
  if (!passing) log.error('a delivery could not be taken', { requestId, error })
  if (visit.response.headersSent) visit.response.destroy()
  else send(visit, parts, passing ? unavailable(requestId) : problemAnswer('internal', { requestId }))
}

function unavailable(requestId: string): WebhookAnswer {
  // Spread, so that all who were refused do not come back in the same second.
  const seconds = 5 + Math.floor(Math.random() * 26)
  return problemAnswer('unavailable', {
    requestId,
    detail: 'The delivery could not be stored and nothing was kept; deliver it again.',
    headers: ['Retry-After', String(seconds)],
  })
}

function send({ request, response }: Visit, parts: WebhookParts, answer: WebhookAnswer): void {
  if (!request.complete && hasBody(request)) {
    answerAndClose(request, response, answer)
    return
  }
  if (parts.isDraining()) response.shouldKeepAlive = false
  response.writeHead(answer.status, [
    ...answer.headers,
    'Content-Length',
    String(Buffer.byteLength(answer.body)),
  ])
  response.end(answer.body)
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
}

function count(visit: Visit, answer: Answered): void {
  requests.inc({ resource: resourceOf(visit), answer })
  seconds.observe({ answer }, (performance.now() - visit.startedAt) / 1000)
}

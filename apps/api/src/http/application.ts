import type { IncomingMessage, RequestListener } from 'node:http'
import express, { type ErrorRequestHandler, type Express, type RequestHandler, type Response } from 'express'
import { childLogger, type Health } from '@tds/runtime'
import { docsHandler, docsPaths } from '../docs/docs-handler.ts'
import type { OpenApiDocument } from '../docs/openapi-document.ts'
import { healthHandler } from '../health/health-handler.ts'
import type { WebhookHandler } from '../webhooks/webhook-handler.ts'
import { problem, problemContentType, type ProblemKind } from './problem.ts'
import { securityHeaders } from './security-headers.ts'
import type { Sender } from './sender.ts'

/** What the api serves. */
export interface ApplicationParts {
  readonly webhooks: WebhookHandler
  readonly health: Health
  readonly openApi: OpenApiDocument
  readonly senderOf: (request: IncomingMessage) => Sender
  /** Whether the server is being stopped, and connections close after their answer. */
  readonly isDraining: () => boolean
}

const log = childLogger('api:http')

/**
 * Answers every request: webhooks directly, all others through express. Express gives request and response other
 * prototypes, which alone costs a tenth of what a delivery costs, and a webhook needs nothing of it.
 */
export function createListener(parts: ApplicationParts): RequestListener {
  const application = createApplication(parts)
  return (request, response) => {
    if (request.url?.startsWith('/webhooks/') === true) parts.webhooks(request, response)
    else application(request, response)
  }
}

function createApplication(parts: ApplicationParts): Express {
  const application = express()
  application.disable('x-powered-by')
  application.use(identify(parts))
  application.use(securityHeaders())
  application.use(healthHandler(parts.health))
  application.get('/openapi.json', (_request, response) => {
    response.set('Cache-Control', 'no-cache').json(parts.openApi)
  })
  application.use(docsHandler())
  application.use(refuseUnknown)
  application.use(refuseFailed)
  return application
}

function identify({ senderOf, isDraining }: ApplicationParts): RequestHandler {
  return (request, response, next) => {
    const { requestId } = senderOf(request)
    response.locals['requestId'] = requestId
    response.set('X-Request-Id', requestId)
    if (isDraining()) response.shouldKeepAlive = false
    next()
  }
}

const readable = new Set([
  '/health',
  '/health/live',
  '/health/ready',
  '/metrics',
  '/openapi.json',
  ...docsPaths(),
])

const refuseUnknown: RequestHandler = (request, response) => {
  if (readable.has(request.path)) {
    response.set('Allow', 'GET, HEAD')
    refuse(response, 'method_not_allowed', 'Use GET.')
  } else {
    refuse(response, 'not_found', 'Nothing is served here; /docs lists what is.')
  }
}

// The one place where an error becomes an answer.
// eslint-disable-next-line @typescript-eslint/max-params -- express knows an error handler by its four parameters
const refuseFailed: ErrorRequestHandler = (error: unknown, _request, response, next) => {
  if (response.headersSent) {
    next(error)
    return
  }
  if (isClientMistake(error)) {
    refuse(response, 'bad_request', 'The request cannot be read.')
    return
  }
  log.error('a request failed', { requestId: requestIdOf(response), error })
  refuse(response, 'internal')
}

/** Express and its parts mark what the client did wrong with a status of 4xx. */
function isClientMistake(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'status' in error && isClientStatus(error.status)
}

function isClientStatus(status: unknown): boolean {
  return typeof status === 'number' && status >= 400 && status < 500
}

function refuse(response: Response, kind: ProblemKind, detail?: string): void {
  const requestId = requestIdOf(response)
  const document = problem(kind, detail === undefined ? { requestId } : { requestId, detail })
  // As bytes, because express would add a charset, which this media type does not have.
  response
    .status(document.status)
    .set('Content-Type', problemContentType)
    .set('Cache-Control', 'no-store')
    .send(Buffer.from(JSON.stringify(document)))
}

function requestIdOf(response: Response): string {
  return String(response.locals['requestId'])
}

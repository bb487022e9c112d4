import express, { type ErrorRequestHandler, type Express, type Request } from 'express'
import type { Control } from '../control/control.ts'
import { InvalidInputError } from '../invalid-input-error.ts'
import type { Root } from '../world/record-kind.ts'
import { invalidUrl, type Answer } from './answer.ts'
import { isListPath } from './api.ts'
import type { ApiRequest } from './call.ts'
import { controlRouter } from './control-router.ts'
import { answerRevocation, answerTokenRequest, type OauthParts } from './oauth.ts'
import { replyOf, sendReply } from './reply.ts'
import { serving, type ServedCall, type ServeParts } from './serve.ts'

/** What the HTTP side is made of. */
export interface AppParts {
  api: (request: ApiRequest) => Answer
  oauth: OauthParts
  serve: ServeParts
  control: Control
}

/** Puts everything under its path: tokens, the two products, the control. */
export function createApp({ api, oauth, serve, control }: AppParts): Express {
  const app = express()
  app.disable('x-powered-by')
  app.set('etag', false)
  const anyText = express.text({ type: () => true })
  for (const [path, answer] of Object.entries(tokenPaths)) {
    app.post(
      path,
      anyText,
      serving(serve, (request) => tokenCall(request, () => answer(parametersOf(request), oauth))),
    )
  }
  for (const [path, root] of Object.entries(roots)) {
    app.use(
      path,
      serving(serve, (request) => apiCall(apiRequest(root, request), `${path}${request.path}`, api)),
    )
  }
  app.use('/_control', controlRouter(control))
  app.use((_, response) => sendReply(response, replyOf(invalidUrl())))
  app.use(controlFailure)
  return app
}

const tokenPaths: Readonly<Record<string, typeof answerTokenRequest>> = {
  '/oauth/v2/token': answerTokenRequest,
  '/oauth/v2/token/revoke': answerRevocation,
}

const answerKinds: Readonly<Record<string, ServedCall['kind']>> = { '/oauth/v2/token/revoke': 'revocation' }

function tokenCall({ path }: Request, answer: () => Answer): ServedCall {
  const kind = answerKinds[path] ?? 'token'
  return { kind, path, query: new URLSearchParams(), organization: null, isList: false, answer }
}

// The path is told apart: the journal shows it with its root.
function apiCall(request: ApiRequest, path: string, api: AppParts['api']): ServedCall {
  const { query } = request
  return {
    kind: 'api',
    path,
    query,
    organization: query.get('organization_id'),
    isList: isListPath(request.path),
    answer: (ask) => api(ask === undefined ? request : ask(request)),
  }
}

const roots: Readonly<Record<string, Root>> = { '/books/v3': 'books', '/inventory/v1': 'inventory' }

function apiRequest(root: Root, request: Request): ApiRequest {
  const { method, path, headers } = request
  return { root, method, path, query: queryOf(request), headers }
}

/** The token endpoint takes its parameters from the query and from a form alike. */
function parametersOf(request: Request): URLSearchParams {
  const body: unknown = request.body
  const form = new URLSearchParams(typeof body === 'string' ? body : '')
  return new URLSearchParams([...queryOf(request), ...form])
}

function queryOf({ originalUrl }: Request): URLSearchParams {
  const start = originalUrl.indexOf('?')
  return new URLSearchParams(start < 0 ? '' : originalUrl.slice(start + 1))
}

// eslint-disable-next-line @typescript-eslint/max-params -- Express tells an error handler by its four parameters.
const controlFailure: ErrorRequestHandler = (error: unknown, _request, response, _next) => {
  const status = statusOf(error)
  const message = error instanceof Error ? error.message : String(error)
  if (response.headersSent) response.destroy()
  else sendReply(response, replyOf({ status, body: { error: message } }))
}

/** Express's own errors, such as a body too large, carry their status. */
function statusOf(error: unknown): number {
  if (error instanceof InvalidInputError) return 400
  const status = typeof error === 'object' && error !== null && 'status' in error ? error.status : undefined
  return typeof status === 'number' ? status : 500
}

import express, { type ErrorRequestHandler, type Express, type Request } from 'express'
import type { Control } from '../control/control.ts'
import { InvalidInputError } from '../invalid-input-error.ts'
import type { Root } from '../world/record-kind.ts'
import { invalidUrl, type Answer } from './answer.ts'
import type { ApiRequest } from './call.ts'
import { controlRoutes } from './control-routes.ts'
import { answerRevocation, answerTokenRequest, type OauthParts } from './oauth.ts'
import { respond } from './respond.ts'

/** What the HTTP side is made of. */
export interface AppParts {
  api: (request: ApiRequest) => Answer
  oauth: OauthParts
  control: Control
}

/** Puts everything under its path: tokens, the two products, the control. */
export function createApp({ api, oauth, control }: AppParts): Express {
  const app = express()
  app.disable('x-powered-by')
  app.set('etag', false)
  const anyText = express.text({ type: () => true })
  app.post('/oauth/v2/token', anyText, (request, response) =>
    respond(response, answerTokenRequest(parametersOf(request), oauth)),
  )
  app.post('/oauth/v2/token/revoke', anyText, (request, response) =>
    respond(response, answerRevocation(parametersOf(request), oauth)),
  )
  for (const [path, root] of Object.entries(roots)) {
    app.use(path, (request, response) => respond(response, api(apiRequest(root, request))))
  }
  app.use('/_control', controlRoutes(control))
  app.use((_, response) => respond(response, invalidUrl()))
  app.use(controlFailure)
  return app
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
  else respond(response, { status, body: { error: message } })
}

/** Express's own errors, such as a body too large, carry their status. */
function statusOf(error: unknown): number {
  if (error instanceof InvalidInputError) return 400
  const status = typeof error === 'object' && error !== null && 'status' in error ? error.status : undefined
  return typeof status === 'number' ? status : 500
}

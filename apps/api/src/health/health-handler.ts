import type { RequestHandler, Response } from 'express'
import { healthEndpoints, type Health, type HealthAnswer } from '@tds/runtime'
import { problem, problemContentType } from '../http/problem.ts'

/** Serves health and metrics in the api's own server, with the answers that every daemon gives. */
export function healthHandler(health: Health): RequestHandler {
  const answer = healthEndpoints(health)
  return async (request, response, next) => {
    const isRead = request.method === 'GET' || request.method === 'HEAD'
    const found = isRead ? await answer(request.path, request.headers) : null
    if (found === null) {
      next()
      return
    }
    response.status(found.status).set('Content-Type', found.contentType).set('Cache-Control', 'no-store')
    response.send(Buffer.from(bodyOf(found, response)))
  }
}

// The daemons' own server writes its problems in another way than the api does: without a type of their own.
function bodyOf({ contentType, body }: HealthAnswer, response: Response): string {
  if (contentType !== problemContentType) return body
  const { detail } = JSON.parse(body) as { detail: string }
  return JSON.stringify(problem('forbidden', { requestId: String(response.locals['requestId']), detail }))
}

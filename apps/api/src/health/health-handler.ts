import type { RequestHandler } from 'express'
import { healthEndpoints, type Health } from '@tds/runtime'

/** Serves health and metrics in the api's own server, with the answers that every daemon gives. */
export function healthHandler(health: Health): RequestHandler {
  const answer = healthEndpoints(health)
  return async (request, response, next) => {
    const found =
      request.method === 'GET' || request.method === 'HEAD'
        ? await answer(request.path, request.headers)
        : null
    if (found === null) {
      next()
      return
    }
    response.status(found.status).type(found.contentType).set('Cache-Control', 'no-store').send(found.body)
  }
}

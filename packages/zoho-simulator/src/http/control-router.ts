import { Router, text, type Request, type Response } from 'express'
import type { ControlReply } from '../control/control-route.ts'
import type { Control } from '../control/control.ts'
import { planShelf } from '../control/plan-shelf.ts'
import { controlRoutes } from '../control/routes/index.ts'
import { readJson, type Json } from '../exact/json.ts'
import { faults } from '../faults/faults.ts'
import { InvalidInputError } from '../invalid-input-error.ts'
import { switches } from '../switches/switches.ts'
import { replyOf, sendReply } from './reply.ts'

/** The control over HTTP: the same as the programmatic one, for whoever sits in another process. */
export function controlRouter(control: Control): Router {
  const plans = planShelf()
  const router = Router()
  router.use(text({ type: () => true, limit: '20mb' }))
  router.get('/', (_, response) => send(response, { body: overview() }))
  for (const { method, path, handle } of controlRoutes) {
    router[verbs[method]](path, async (request: Request, response: Response) => {
      const reply = await handle({
        control,
        plans,
        parameter: (name) => {
          const value = request.params[name]
          return typeof value === 'string' ? value : ''
        },
        query: new URL(request.originalUrl, 'http://simulator').searchParams,
        accepts: request.headers.accept ?? '',
        body: () => bodyOf(request),
      })
      send(response, reply)
    })
  }
  return router
}

const verbs = { GET: 'get', POST: 'post', PUT: 'put', PATCH: 'patch', DELETE: 'delete' } as const

/** What there is, for whoever comes without the page. */
function overview(): Json {
  return {
    routes: controlRoutes.map(({ method, path, tells }) => `${method} /_control${path}: ${tells}`),
    switches: Object.entries(switches).map(
      ([name, { tells, expected }]) => `${name} (${expected}): ${tells}`,
    ),
    faults: Object.entries(faults).map(([name, { tells }]) => `${name}: ${tells}`),
  }
}

function send(response: Response, reply: ControlReply): void {
  if ('body' in reply) {
    sendReply(response, replyOf({ status: reply.status ?? 200, body: reply.body }))
    return
  }
  response.writeHead(200, { 'Content-Type': 'application/x-ndjson;charset=UTF-8' })
  for (const line of reply.lines) response.write(line)
  response.end()
}

function bodyOf(request: Request): Json {
  const body: unknown = request.body
  try {
    return readJson(typeof body === 'string' ? body : '')
  } catch {
    throw new InvalidInputError('The body is not JSON')
  }
}

import { Router, text, type Request, type Response } from 'express'
import type { Control } from '../control/control.ts'
import {
  readClockRequest,
  readDeliveryRequest,
  readMutationRequest,
  readRandomMutations,
  readScenario,
  readType,
  type DeliverySource,
} from '../control/requests.ts'
import { truthLines } from '../control/truth.ts'
import { readJson, type Json, type JsonObject } from '../exact/json.ts'
import { InvalidInputError } from '../invalid-input-error.ts'
import type { Mutation } from '../mutations/mutate.ts'
import type { Delivery } from '../webhooks/delivery.ts'
import type { Plan } from '../webhooks/plan.ts'
import type { DeliveryResult } from '../webhooks/send.ts'
import { respond } from './respond.ts'

/** The control over HTTP: the same as the programmatic one, for whoever sits in another process. */
export function controlRoutes(control: Control): Router {
  const plans = planShelf()
  const router = Router()
  router.use(text({ type: () => true, limit: '20mb' }))

  router.get('/state', (_, response) => ok(response, asJson(control.state())))
  router.get('/access', (_, response) => ok(response, asJson(control.access)))
  router.get('/truth/:type', (request, response) => sendTruth(control, request, response))
  router.get('/records/:type/:id', (request, response) => sendRecord(control, request, response))
  router.post('/mutations', (request, response) =>
    ok(response, mutationJson(control.mutate(readMutationRequest(bodyOf(request))))),
  )
  router.post('/mutations/random', (request, response) => {
    const { count, options } = readRandomMutations(bodyOf(request))
    const mutations = control.mutateAtRandom(count, options)
    ok(response, { mutations: mutations.map(mutationSummary) })
  })
  router.post('/plans', (request, response) => {
    const plan = control.plan(readScenario(bodyOf(request)))
    ok(response, { plan: plans.add(plan), ...planJson(plan) })
  })
  router.post('/deliveries', async (request, response) => {
    const { source, options, wait } = readDeliveryRequest(bodyOf(request))
    const sending = control.send(deliveriesOf(control, plans, source), options)
    if (wait) {
      ok(response, asJson((await sending).summary))
      return
    }
    // What comes of them is in the book.
    sending.catch(() => undefined)
    respond(response, { status: 202, body: { status: 'sending' } })
  })
  router.get('/deliveries', (request, response) => {
    const results = control.deliveries.results().filter(resultFilter(request))
    ok(response, { summary: asJson(control.deliveries.summary()), results: results.map(resultJson) })
  })
  router.delete('/deliveries', (_, response) => {
    control.deliveries.clear()
    ok(response, { status: 'cleared' })
  })
  router.post('/clock', (request, response) => {
    control.advanceClock(readClockRequest(bodyOf(request)))
    ok(response, { now: control.state().now })
  })
  router.delete('/tokens', (_, response) => {
    control.expireTokens()
    ok(response, { status: 'expired' })
  })
  return router
}

interface PlanShelf {
  add(plan: Plan): string
  get(name: string): Plan
}

/** Keeps the last plans made over HTTP until they are sent. */
function planShelf(): PlanShelf {
  const plans = new Map<string, Plan>()
  let made = 0
  return {
    add: (plan) => {
      const name = `plan-${++made}`
      plans.set(name, plan)
      plans.delete(`plan-${made - 20}`)
      return name
    },
    get: (name) => {
      const plan = plans.get(name)
      if (plan === undefined) throw new InvalidInputError(`There is no plan ${name}; the last 20 are kept`)
      return plan
    },
  }
}

function deliveriesOf(control: Control, plans: PlanShelf, source: DeliverySource): Iterable<Delivery> {
  if ('scenario' in source) return control.plan(source.scenario).deliveries
  if ('mutation' in source) return [control.deliveryOf(control.mutate(source.mutation), source.form)]
  const { deliveries } = plans.get(source.plan)
  return source.sequences === undefined
    ? deliveries
    : source.sequences.map((sequence) => find(deliveries, sequence))
}

function find(deliveries: readonly Delivery[], sequence: number): Delivery {
  const found = deliveries.find((delivery) => delivery.sequence === sequence)
  if (found === undefined) throw new InvalidInputError(`The plan has no delivery ${sequence}`)
  return found
}

function sendTruth(control: Control, request: Request, response: Response): void {
  const truth = control.truth(readType(request.params['type'] as string))
  if (!wantsLines(request)) {
    const records = truth.records.map((record): JsonObject => ({ ...record }))
    ok(response, { type: truth.type, records, deleted: truth.deleted })
    return
  }
  response.writeHead(200, { 'Content-Type': 'application/x-ndjson;charset=UTF-8' })
  for (const line of truthLines(truth)) response.write(line)
  response.end()
}

function wantsLines(request: Request): boolean {
  return request.query['format'] === 'ndjson' || request.headers.accept === 'application/x-ndjson'
}

function sendRecord(control: Control, request: Request, response: Response): void {
  const { type, id } = request.params
  const record = control.record(readType(type as string), id as string)
  if (record === null)
    respond(response, { status: 404, body: { error: 'That record is deleted, or never was' } })
  else ok(response, { ...record })
}

/** `?status=202`, `?status=none`, `?id=…` choose among the results. */
function resultFilter({ query }: Request): (result: DeliveryResult) => boolean {
  const { status, id } = query
  return (result) =>
    (status === undefined || status === String(result.status ?? 'none')) &&
    (id === undefined || id === result.id)
}

function mutationJson(mutation: Mutation): JsonObject {
  return { ...mutationSummary(mutation), detail: mutation.detail }
}

function mutationSummary({ type, kind, id, change, version }: Mutation): JsonObject {
  return { type, kind, id, change, version }
}

function planJson({ deliveries, dropped }: Plan): JsonObject {
  return {
    deliveries: deliveries.map(({ body, versionMs: _, headers, ...delivery }) => ({
      ...delivery,
      headers,
      body: body.toString('base64'),
    })),
    dropped: dropped.map(mutationSummary),
  }
}

function resultJson(result: DeliveryResult): JsonObject {
  return { ...result, durationMs: Math.round(result.durationMs) }
}

/** For values that hold nothing but text, whole numbers and more of the same. */
function asJson(value: object): Json {
  return readJson(JSON.stringify(value))
}

function bodyOf(request: Request): Json {
  const body: unknown = request.body
  try {
    return readJson(typeof body === 'string' ? body : '')
  } catch {
    throw new InvalidInputError('The body is not JSON')
  }
}

function ok(response: Response, body: Json): void {
  respond(response, { status: 200, body })
}

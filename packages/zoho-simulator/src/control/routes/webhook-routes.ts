import type { JsonObject } from '../../exact/json.ts'
import { InvalidInputError } from '../../invalid-input-error.ts'
import type { Delivery } from '../../webhooks/delivery.ts'
import type { Plan } from '../../webhooks/plan.ts'
import type { DeliveryResult } from '../../webhooks/send.ts'
import type { ControlCall, ControlRoute } from '../control-route.ts'
import { readDeliveryRequest, readScenario, type DeliverySource } from '../requests.ts'
import { asJson, mutationSummary } from '../shown.ts'

/** Webhooks: planned, sent, looked up. */
export const webhookRoutes: readonly ControlRoute[] = [
  {
    method: 'POST',
    path: '/plans',
    tells: 'A scenario; answers the plan’s name and its deliveries, bodies in base64.',
    handle: ({ control, plans, body }) => {
      const plan = control.plan(readScenario(body()))
      return { body: { plan: plans.add(plan), ...planJson(plan) } }
    },
  },
  {
    method: 'POST',
    path: '/deliveries',
    tells:
      '`{target, scenario}`, `{target, plan, sequences?}` or `{target, mutation, shape?, encoding?, actionInPath?, signed?}`; with each `concurrency?`, `ratePerSecond?`, `retries?`, `retryDelayMs?`, `timeoutMs?`, `wait?` (default true).',
    handle: async (call) => {
      const { source, options, wait } = readDeliveryRequest(call.body())
      const sending = call.control.send(deliveriesOf(call, source), options)
      if (wait) return { body: asJson((await sending).summary) }
      // What comes of them is in the book.
      sending.catch(() => undefined)
      return { status: 202, body: { status: 'sending' } }
    },
  },
  {
    method: 'GET',
    path: '/deliveries',
    tells: 'What came of every delivery, counted and one by one; `?status=`, `?id=` choose.',
    handle: ({ control, query }) => {
      const results = control.deliveries.results().filter(resultFilter(query))
      return { body: { summary: asJson(control.deliveries.summary()), results: results.map(resultJson) } }
    },
  },
  {
    method: 'DELETE',
    path: '/deliveries',
    tells: 'Clears that book.',
    handle: ({ control }) => {
      control.deliveries.clear()
      return { body: { status: 'cleared' } }
    },
  },
]

function deliveriesOf({ control, plans }: ControlCall, source: DeliverySource): Iterable<Delivery> {
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

/** `?status=202`, `?status=none`, `?id=…` choose among the results. */
function resultFilter(query: URLSearchParams): (result: DeliveryResult) => boolean {
  const status = query.get('status')
  const id = query.get('id')
  return (result) =>
    (status === null || status === String(result.status ?? 'none')) && (id === null || id === result.id)
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

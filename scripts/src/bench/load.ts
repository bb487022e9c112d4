import { Agent, request } from 'node:http'
import autocannon from 'autocannon'
import type { PreparedDelivery } from './bodies.ts'
import { benchOrganization } from './bodies.ts'

/** What sending came to. */
export interface LoadResult {
  readonly perSecond: number
  /** Time from sending to the whole answer of each request, in milliseconds. */
  readonly latencies: readonly number[]
  readonly statuses: Readonly<Record<string, number>>
}

/** Sends every delivery once, over so many connections, each as soon as the one before it was answered (closed loop). */
export async function sendAll(
  url: string,
  deliveries: readonly PreparedDelivery[],
  connections: number,
): Promise<Pick<LoadResult, 'perSecond' | 'statuses'>> {
  const { result, seconds } = await runLoad({
    url,
    connections,
    amount: deliveries.length,
    setupClient: clientsOf(deliveries, connections),
  })
  const statuses = Object.entries(result.statusCodeStats ?? {}).map(
    ([status, { count = 0 }]) => [status, count] as const,
  )
  return { perSecond: deliveries.length / seconds, statuses: Object.fromEntries(statuses) }
}

/** Gives every connection its share of the deliveries. */
function clientsOf(
  deliveries: readonly PreparedDelivery[],
  connections: number,
): (client: autocannon.Client) => void {
  let client = 0
  return (one) => {
    const own = deliveries.filter((_, index) => index % connections === client)
    client += 1
    one.setRequests(
      own.map(({ body, signature }) => ({ method: 'POST', path, headers: headersOf(signature), body })),
    )
  }
}

/**
 * Runs autocannon and measures until the last answer: the duration that it reports is rounded up to its next look at
 * the clock, a whole second by default.
 */
async function runLoad(
  options: autocannon.Options,
): Promise<{ readonly result: autocannon.Result; readonly seconds: number }> {
  const startedAt = performance.now()
  let lastAt = startedAt
  const result = await new Promise<autocannon.Result>((resolve, reject) => {
    const run = autocannon(options, (error: unknown, ended) => {
      if (error instanceof Error) reject(error)
      else resolve(ended)
    })
    run.on('response', () => {
      lastAt = performance.now()
    })
  })
  return { result, seconds: (lastAt - startedAt) / 1000 }
}

/** Sends at a fixed rate whatever the answers do (open loop), so that a slow answer cannot hide the ones behind it. */
export async function sendAtRate(
  url: string,
  deliveries: readonly PreparedDelivery[],
  perSecond: number,
): Promise<LoadResult> {
  const agent = new Agent({ keepAlive: true, maxSockets: 200 })
  const sent = new Recorder()
  const startedAt = performance.now()
  const running: Promise<void>[] = []
  for (const [index, delivery] of deliveries.entries()) {
    const dueAt = startedAt + (index * 1000) / perSecond
    const wait = dueAt - performance.now()
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait))
    running.push(sent.record(() => post(url, delivery, agent)))
  }
  await Promise.all(running)
  agent.destroy()
  return sent.result(perSecond)
}

class Recorder {
  readonly #latencies: number[] = []
  readonly #statuses: Record<string, number> = {}

  async record(send: () => Promise<number>): Promise<void> {
    const startedAt = performance.now()
    const status = await send()
    this.#latencies.push(performance.now() - startedAt)
    this.#statuses[status] = (this.#statuses[status] ?? 0) + 1
  }

  result(perSecond: number): LoadResult {
    return { perSecond, latencies: this.#latencies, statuses: this.#statuses }
  }
}

const path = `/webhooks/products/updated?organization_id=${benchOrganization}`

function headersOf(signature: string): Record<string, string> {
  return { 'content-type': 'application/json;charset=UTF-8', 'x-zoho-webhook-signature': signature }
}

function post(url: string, delivery: PreparedDelivery, agent: Agent): Promise<number> {
  return new Promise((resolve, reject) => {
    const sending = request(
      `${url}${path}`,
      {
        agent,
        method: 'POST',
        headers: { ...headersOf(delivery.signature), 'content-length': Buffer.byteLength(delivery.body) },
      },
      (answer) => {
        answer.resume()
        answer.on('end', () => {
          resolve(answer.statusCode ?? 0)
        })
      },
    )
    sending.on('error', reject)
    sending.end(delivery.body)
  })
}

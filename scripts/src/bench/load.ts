import { Agent, request } from 'node:http'
import type { PreparedDelivery } from './bodies.ts'
import { benchOrganization } from './bodies.ts'

/** What sending came to. */
export interface LoadResult {
  readonly perSecond: number
  /** Time from sending to the whole answer of each request, in milliseconds. */
  readonly latencies: readonly number[]
  readonly statuses: Readonly<Record<string, number>>
}

/** Sends every delivery once, `connections` at a time, each as soon as one before it was answered (closed loop). */
export async function sendAll(
  url: string,
  deliveries: readonly PreparedDelivery[],
  connections: number,
): Promise<LoadResult> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections })
  const sent = new Recorder()
  let next = 0
  const startedAt = performance.now()
  const client = async (): Promise<void> => {
    for (let delivery = deliveries[next++]; delivery !== undefined; delivery = deliveries[next++]) {
      await sent.record(() => post(url, delivery, agent))
    }
  }
  await Promise.all(Array.from({ length: connections }, client))
  const seconds = (performance.now() - startedAt) / 1000
  agent.destroy()
  return sent.result(deliveries.length / seconds)
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

function post(url: string, delivery: PreparedDelivery, agent: Agent): Promise<number> {
  return new Promise((resolve, reject) => {
    const sending = request(
      `${url}/webhooks/products/updated?organization_id=${benchOrganization}`,
      {
        agent,
        method: 'POST',
        headers: {
          'content-type': 'application/json;charset=UTF-8',
          'content-length': Buffer.byteLength(delivery.body),
          'x-zoho-webhook-signature': delivery.signature,
        },
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

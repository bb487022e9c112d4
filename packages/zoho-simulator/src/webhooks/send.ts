import { Agent, request as httpRequest } from 'node:http'
import { Agent as TlsAgent, request as httpsRequest } from 'node:https'
import { setTimeout as wait } from 'node:timers/promises'
import { InvalidInputError } from '../invalid-input-error.ts'
import type { Delivery } from './delivery.ts'

/** How deliveries are sent. */
export interface SendOptions {
  /** Where to: scheme, host, port and perhaps a path before `/webhooks`. */
  target: string
  /** How many at once; default 1, which keeps their order. */
  concurrency?: number | undefined
  /** No more than so many a second begin; default as fast as they are answered. */
  ratePerSecond?: number | undefined
  /** How often a delivery that got no 2xx is sent again; default 0, as Zoho does. */
  retries?: number | undefined
  /** Pause before the first retry in milliseconds; default 1000. */
  retryDelayMs?: number | undefined
  /** By how much each further pause is longer; default 1. */
  retryFactor?: number | undefined
  /** How long an answer may take in milliseconds; default 15,000. */
  timeoutMs?: number | undefined
  /** Aborting it stops: deliveries not begun are left out, those in flight fail. */
  signal?: AbortSignal | undefined
  /** Told of every result as it comes in. */
  onResult?: ((result: DeliveryResult) => void) | undefined
}

/** What came of one delivery. */
export interface DeliveryResult {
  sequence: number
  type: string
  id: string
  version: string
  duplicateOf: number | null
  /** Of the last attempt; null if there was no answer. */
  status: number | null
  /** The answer's body, its first 2,000 characters. */
  answer: string
  /** Why there was no answer. */
  error: string | null
  attempts: number
  /** When the first attempt began, in milliseconds of the machine's clock. */
  startedAtMs: number
  /** From the beginning of the first attempt to the last answer, in milliseconds. */
  durationMs: number
}

/** Whether a delivery goes out: why it does not, or null; and who is told what came of it. */
export interface DeliveryDesk {
  refusal(delivery: Delivery): string | null
  sent(delivery: Delivery): void
  ended(delivery: Delivery, result: DeliveryResult): void
}

/** Sends deliveries in the order given; the answer says what came of each, in the order in which they ended. */
export async function sendDeliveries(
  deliveries: Iterable<Delivery>,
  options: SendOptions,
  desk?: DeliveryDesk,
): Promise<DeliveryResult[]> {
  const post = poster(options)
  const pace = pacer(options)
  const results: DeliveryResult[] = []
  const queue = deliveries[Symbol.iterator]()
  const sendNext = async (): Promise<void> => {
    for (let next = queue.next(); next.done !== true; next = queue.next()) {
      await pace()
      if (options.signal?.aborted === true) return
      const result = await sendAdmitted(next.value, { post, options }, desk)
      results.push(result)
      desk?.ended(next.value, result)
      options.onResult?.(result)
    }
  }
  try {
    await Promise.all(Array.from({ length: options.concurrency ?? 1 }, sendNext))
    return results
  } finally {
    post.close()
  }
}

interface Answer {
  status: number
  body: string
}

interface Poster {
  send(delivery: Delivery): Promise<Answer>
  close(): void
}

interface Sending {
  post: Poster
  options: SendOptions
}

async function sendAdmitted(
  delivery: Delivery,
  sending: Sending,
  desk: DeliveryDesk | undefined,
): Promise<DeliveryResult> {
  const error = desk?.refusal(delivery) ?? null
  if (error === null) {
    desk?.sent(delivery)
    return sendOne(delivery, sending)
  }
  const { sequence, type, id, version, duplicateOf } = delivery
  const outcome = { status: null, answer: '', error, attempts: 0, startedAtMs: Date.now(), durationMs: 0 }
  return { sequence, type, id, version, duplicateOf, ...outcome }
}

async function sendOne(delivery: Delivery, { post, options }: Sending): Promise<DeliveryResult> {
  const startedAtMs = Date.now()
  const started = performance.now()
  let attempts = 0
  for (;;) {
    attempts++
    const outcome = await attempt(delivery, post)
    const delivered = outcome.status !== null && outcome.status < 300
    if (delivered || attempts > (options.retries ?? 0) || options.signal?.aborted === true) {
      const { sequence, type, id, version, duplicateOf } = delivery
      const durationMs = performance.now() - started
      return { sequence, type, id, version, duplicateOf, ...outcome, attempts, startedAtMs, durationMs }
    }
    const pauseMs = (options.retryDelayMs ?? 1000) * (options.retryFactor ?? 1) ** (attempts - 1)
    await pause(pauseMs, options.signal)
  }
}

async function attempt(
  delivery: Delivery,
  post: Poster,
): Promise<Pick<DeliveryResult, 'status' | 'answer' | 'error'>> {
  try {
    const { status, body } = await post.send(delivery)
    return { status, answer: body.slice(0, 2000), error: null }
  } catch (error) {
    return { status: null, answer: '', error: describe(error) }
  }
}

function describe(error: unknown): string {
  if (typeof error !== 'object' || error === null || !('message' in error)) return String(error)
  const code = 'code' in error && typeof error.code === 'string' ? `${error.code}: ` : ''
  return `${code}${String(error.message)}`
}

/** Keeps connections open between deliveries, as a benchmark wants it. */
function poster({ target, concurrency = 1, timeoutMs = 15_000, signal }: SendOptions): Poster {
  const base = targetUrl(target)
  const secure = base.protocol === 'https:'
  const agentOptions = { keepAlive: true, maxSockets: concurrency }
  const agent = secure ? new TlsAgent(agentOptions) : new Agent(agentOptions)
  const begin = secure ? httpsRequest : httpRequest
  const prefix = base.pathname.replace(/\/$/, '')
  const send = ({ method, path, headers, body }: Delivery) =>
    new Promise<Answer>((resolve, reject) => {
      const request = begin(new URL(prefix + path, base), {
        method,
        agent,
        headers: { ...headers, 'Content-Length': body.byteLength },
        ...(signal === undefined ? {} : { signal }),
      })
      const limit = setTimeout(() => {
        request.destroy(new Error(`No answer within ${timeoutMs} ms`))
      }, timeoutMs)
      request.on('close', () => clearTimeout(limit))
      request.on('error', reject)
      request.on('response', (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('error', reject)
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString() }),
        )
      })
      request.end(body)
    })
  return { send, close: () => agent.destroy() }
}

function targetUrl(target: string): URL {
  const url = URL.canParse(target) ? new URL(target) : null
  if (url === null || !['http:', 'https:'].includes(url.protocol)) {
    throw new InvalidInputError(`target must be an http or https address, not ${target}`)
  }
  return url
}

/** Spreads beginnings evenly; without a rate it never waits. */
function pacer({ ratePerSecond, signal }: SendOptions): () => Promise<void> {
  if (ratePerSecond === undefined) return () => Promise.resolve()
  const begun = performance.now()
  let turn = 0
  return async () => {
    const due = begun + (turn++ * 1000) / ratePerSecond
    const left = due - performance.now()
    if (left > 1) await pause(left, signal)
  }
}

async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await wait(ms, undefined, signal === undefined ? {} : { signal })
  } catch (error) {
    // Aborted: whoever waits looks at the signal itself.
    if (signal?.aborted !== true) throw error
  }
}

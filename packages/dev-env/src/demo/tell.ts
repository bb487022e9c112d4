import { setTimeout as sleep } from 'node:timers/promises'

import { TdsError } from '@tds/runtime'
import type { Delivery, DeliveryFormOptions, Mutation } from '@tds/zoho-simulator'

import type { DemoWorld } from './demo-world.ts'

const FATE_LIMIT_MS = 180_000

/** What the api answered to one webhook. */
export interface Told {
  readonly status: number
  readonly eventId: string
  /** The word in the answer: accepted, duplicate, quarantined. */
  readonly word: string
  readonly path: string
}

/** Sends the webhook of one mutation. */
export async function tell(
  world: DemoWorld,
  mutation: Mutation,
  form: DeliveryFormOptions = {},
): Promise<Told> {
  return sendDelivery(world, world.simulator.deliveryOf(mutation, form))
}

/** Sends one webhook as it is. */
async function sendDelivery(world: DemoWorld, delivery: Delivery): Promise<Told> {
  const { apiUrl } = world.installation
  const { results } = await world.simulator.send([delivery], { target: apiUrl, signal: world.signal })
  const [result] = results
  if (result === undefined || result.status === null) throw noAnswer(result?.error ?? 'not sent')
  const answer = JSON.parse(result.answer) as { eventId?: string; status?: unknown }
  const [path = ''] = delivery.path.split('?')
  return { status: result.status, eventId: answer.eventId ?? '', word: String(answer.status), path }
}

/** What became of an event. */
export interface Fate {
  readonly status: string
  /** From its receipt to its end. */
  readonly ms: number
}

/** Waits until an event has reached its end. Throws TdsError `demo_waiting` after a minute. */
export async function fateOf({ db, signal }: DemoWorld, eventId: string): Promise<Fate> {
  const limit = performance.now() + FATE_LIMIT_MS
  for (;;) {
    const { rows } = await db.query<{ status: string; ms: string | null }>(
      `SELECT status, round(extract(epoch FROM processed_at - received_at) * 1000) AS ms
         FROM tds_inbox_events WHERE id = $1`,
      [eventId],
    )
    const [row] = rows
    if (row !== undefined && row.ms !== null) return { status: row.status, ms: Number(row.ms) }
    signal.throwIfAborted()
    if (performance.now() > limit) throw stillWaiting(eventId, row?.status ?? 'missing')
    await sleep(10)
  }
}

/** The demo must not tell what did not happen: throws TdsError `demo_surprise` when something is not as the story says. */
export function asTold(what: string, actual: unknown, expected: unknown): void {
  if (actual === expected) return
  throw new TdsError(`${what}: expected ${String(expected)}, but it was ${String(actual)}`, {
    code: 'demo_surprise',
    disposition: 'reject',
    nextStep: 'The product does not do what the demo shows. Look into the logs.',
  })
}

function noAnswer(why: string): TdsError {
  return new TdsError(`the api gave no answer: ${why}`, {
    code: 'demo_no_answer',
    disposition: 'retry',
    nextStep: 'Look into the log of the api.',
  })
}

function stillWaiting(eventId: string, status: string): TdsError {
  return new TdsError(`event ${eventId} is still ${status}`, {
    code: 'demo_waiting',
    disposition: 'retry',
    nextStep: 'Look into the logs of the worker.',
  })
}

import type { CallCounter } from '../http/call-counter.ts'
import type { Tokens } from '../http/tokens.ts'
import { InvalidInputError } from '../invalid-input-error.ts'
import { randomMutations, type RandomMutationOptions } from '../mutations/mutate-at-random.ts'
import { mutate, type Mutation, type MutationRequest } from '../mutations/mutate.ts'
import type { Credentials, Settings } from '../options.ts'
import {
  deliveryBook,
  summarize,
  type DeliveryBook,
  type DeliverySummary,
} from '../webhooks/delivery-book.ts'
import { makeDelivery, type Delivery, type DeliveryForm } from '../webhooks/delivery.ts'
import { deliveryStream, planDeliveries, type Plan, type Scenario } from '../webhooks/plan.ts'
import { sendDeliveries, type DeliveryResult, type SendOptions } from '../webhooks/send.ts'
import { recordTypes, type RecordType } from '../world/record-type.ts'
import type { World } from '../world/world.ts'
import { truthOf, truthOfRecord, type Truth, type TruthRecord } from './truth.ts'

/** What a test or a demonstration does with the simulator beside talking to it as to Zoho. */
export interface Control {
  /** What a client needs: where its tokens come from, which organisation it reads, what signs its webhooks. */
  readonly access: Access
  /** Changes the world; throws InvalidInputError where that cannot be. */
  mutate(request: MutationRequest): Mutation
  /** Changes the world so many times at random. */
  mutateAtRandom(count: number, options: RandomMutationOptions): Mutation[]
  /** Everything of one type as its details answer now. */
  truth(type: RecordType): Truth
  /** One record, or null if it is deleted or never was. */
  record(type: RecordType, id: string): TruthRecord | null
  /** The webhook that tells of one mutation; by default the usual body as JSON, the action in the path. */
  deliveryOf(mutation: Mutation, form?: DeliveryFormOptions): Delivery
  /** Changes the world and makes the webhooks that tell of it, without sending them. */
  plan(scenario: Scenario): Plan
  /** The same one by one: each change happens when its delivery is asked for. */
  stream(scenario: Scenario): Generator<Delivery, void>
  /** Sends deliveries in the order given, and enters what came of them in the book. */
  send(deliveries: Iterable<Delivery>, options: SendOptions): Promise<SendReport>
  readonly deliveries: DeliveryBook
  /** Ends every access token: the next call with one answers 401/57. */
  expireTokens(): void
  /** Lets so many milliseconds pass at once. */
  advanceClock(ms: number): void
  state(): SimulatorState
}

/** How a single delivery may differ from the usual one. */
export type DeliveryFormOptions = Partial<
  Pick<DeliveryForm, 'shape' | 'encoding' | 'actionInPath' | 'secret'>
>

/** What a client needs to be set up with. */
export interface Access {
  credentials: Credentials
  organizationId: string
  webhookSecret: string | null
}

/** What came of sending. */
export interface SendReport {
  results: DeliveryResult[]
  summary: DeliverySummary
}

/** Where the simulator stands. */
export interface SimulatorState {
  organizationId: string
  timeZone: string
  /** The simulator's clock in Zoho's form. */
  now: string
  records: Record<RecordType, { living: number; deleted: number }>
  callsToday: number
  tokensIssued: number
}

/** What the control works with. */
export interface ControlParts {
  world: World
  settings: Settings
  tokens: Tokens
  calls: CallCounter
  /** Aborted when the simulator stops, so that nothing is sent afterwards. */
  stopping: () => AbortSignal
  /** Holds what is being sent, so that a stop can wait for it. */
  sending: Set<Promise<unknown>>
}

/** Makes the control of a world. */
export function createControl(parts: ControlParts): Control {
  const { world, settings, tokens } = parts
  const { organizationId, credentials, webhookSecret } = settings
  const sender = { organizationId, secret: webhookSecret }
  const deliveries = deliveryBook()
  let sequence = 0
  return {
    access: { credentials, organizationId, webhookSecret },
    mutate: (request) => mutate(world, request),
    mutateAtRandom: (count, options) => {
      const stream = randomMutations(world, options)
      return Array.from({ length: count }, () => stream.next().value)
    },
    truth: (type) => truthOf(world, type),
    record: (type, id) => truthOfRecord(world, type, id),
    deliveryOf: (mutation, form = {}) =>
      makeDelivery(mutation, {
        shape: 'usual',
        encoding: 'json',
        actionInPath: true,
        ...sender,
        ...form,
        sequence: ++sequence,
        random: world.random,
      }),
    plan: (scenario) => planDeliveries(world, sender, scenario),
    stream: (scenario) => deliveryStream(world, sender, scenario),
    send: async (planned, options) => {
      const onResult = (result: DeliveryResult) => {
        deliveries.record(result)
        options.onResult?.(result)
      }
      const signal = untilStopped(parts, options.signal)
      const sending = sendDeliveries(planned, { ...options, onResult, signal })
      const tracked = sending.catch(() => undefined).finally(() => parts.sending.delete(tracked))
      parts.sending.add(tracked)
      const results = await sending
      return { results, summary: summarize(results) }
    },
    deliveries,
    expireTokens: () => tokens.revoke(),
    advanceClock: (ms) => {
      if (!(ms >= 0)) throw new InvalidInputError('The clock only goes forward')
      world.clock.advance(ms)
    },
    state: () => stateOf(parts),
  }
}

function untilStopped({ stopping }: ControlParts, asked: AbortSignal | undefined): AbortSignal {
  const stopped = stopping()
  if (stopped.aborted) throw new Error('The simulator has stopped: nothing is sent any more')
  return asked === undefined ? stopped : AbortSignal.any([stopped, asked])
}

function stateOf({ world, tokens, calls }: ControlParts): SimulatorState {
  const counted = recordTypes.map((type) => {
    const collection = world.collections[type]
    return [type, { living: collection.livingCount(), deleted: collection.deletedIds().length }] as const
  })
  return {
    organizationId: world.organization.id,
    timeZone: world.zone.name,
    now: world.zone.time(world.clock.nowMs()),
    records: Object.fromEntries(counted) as SimulatorState['records'],
    callsToday: calls.today(),
    tokensIssued: tokens.issued(),
  }
}

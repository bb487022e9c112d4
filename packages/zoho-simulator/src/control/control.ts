import type { DetailLag } from '../drift/detail-lag.ts'
import { mergeContacts, type MergeRequest } from '../drift/merge-contacts.ts'
import { driftAtRandom, type DriftRequest } from '../drift/random-drift.ts'
import type { SilentChanges } from '../drift/silent-changes.ts'
import type { FaultBook } from '../faults/fault-book.ts'
import type { Tokens } from '../http/tokens.ts'
import { InvalidInputError } from '../invalid-input-error.ts'
import type { CallCounters, CallCounts } from '../journal/counters.ts'
import type { Journal } from '../journal/journal.ts'
import type { CallLimits } from '../limits/call-limits.ts'
import type { Meanwhile } from '../mutations/meanwhile.ts'
import { randomMutations, type RandomMutationOptions } from '../mutations/mutate-at-random.ts'
import { mutate, type Mutation, type MutationRequest } from '../mutations/mutate.ts'
import type { Credentials, Settings } from '../options.ts'
import type { Switchboard } from '../switches/switchboard.ts'
import type { DeliveryBook } from '../webhooks/delivery-book.ts'
import { makeDelivery, type Delivery, type DeliveryForm } from '../webhooks/delivery.ts'
import { deliveryStream, planDeliveries, type Plan, type Scenario, type Sender } from '../webhooks/plan.ts'
import type { PostOffice, SendReport } from '../webhooks/post-office.ts'
import type { SendOptions } from '../webhooks/send.ts'
import { recordTypes, type RecordType } from '../world/record-type.ts'
import type { World } from '../world/world.ts'
import { moveClock, type ClockRequest } from './clock-request.ts'
import { truthOf, truthOfRecord, type Truth, type TruthRecord } from './truth.ts'

/** What a test or a demonstration does with the simulator beside talking to it as to Zoho. */
export interface Control {
  /** What a client needs: where its tokens come from, which organisation it reads, what signs its webhooks. */
  readonly access: Access
  /** Where every switch stands, and what sets it. */
  readonly switchboard: Switchboard
  /** What goes wrong. */
  readonly faults: FaultBook
  /** Changes that wait for somebody's call. */
  readonly meanwhile: Meanwhile
  /** What changed without a new version or a webhook. */
  readonly silentChanges: SilentChanges
  /** Every call, one by one. */
  readonly journal: Journal
  /** Every call, counted. */
  callCounts(): CallCounts
  /** Clears calls and counters; limits and quotas go on. */
  clearCalls(): void
  /** Changes the world; throws InvalidInputError where that cannot be. */
  mutate(request: MutationRequest): Mutation
  /** Changes the world so many times at random. */
  mutateAtRandom(count: number, options: RandomMutationOptions): Mutation[]
  /** Moves balances, credits and stocks under the versions that their records have; answers whose. */
  drift(request: DriftRequest): { type: RecordType; id: string }[]
  /** Retires one contact and moves its documents to another, silently; answers which documents moved. */
  merge(request: MergeRequest): { type: RecordType; id: string }[]
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
  /** Moves the clock to a time, to the next midnight or change of offset, or makes it run at another rate. */
  moveClock(request: ClockRequest): void
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
  switchboard: Switchboard
  tokens: Tokens
  limits: CallLimits
  lag: DetailLag
  silent: SilentChanges
  faults: FaultBook
  meanwhile: Meanwhile
  journal: Journal
  counters: CallCounters
  post: PostOffice
  /** Lets the calendar do its work before somebody looks. */
  settle: () => void
}

/** Makes the control of a world. */
export function createControl(parts: ControlParts): Control {
  const { world, settings, tokens, silent, settle } = parts
  const { organizationId, credentials, webhookSecret } = settings
  return {
    access: { credentials, organizationId, webhookSecret },
    switchboard: parts.switchboard,
    faults: parts.faults,
    meanwhile: parts.meanwhile,
    silentChanges: silent,
    ...callsOf(parts),
    mutate: (request) => mutate(world, request),
    mutateAtRandom: (count, options) => {
      const stream = randomMutations(world, options)
      return Array.from({ length: count }, () => stream.next().value)
    },
    drift: (request) => driftAtRandom(world, request, silent),
    merge: (request) => mergeContacts(world, request, silent),
    truth: (type) => {
      settle()
      return truthOf(world, type)
    },
    record: (type, id) => {
      settle()
      return truthOfRecord(world, type, id)
    },
    ...webhooksOf(parts),
    expireTokens: () => tokens.revoke(),
    advanceClock: (ms) => {
      if (!(ms >= 0)) throw new InvalidInputError('The clock only goes forward')
      world.clock.advance(ms)
    },
    moveClock: (request) => moveClock(world.clock, world.zone, request),
    state: () => stateOf(parts),
  }
}

function callsOf({
  journal,
  counters,
}: ControlParts): Pick<Control, 'journal' | 'callCounts' | 'clearCalls'> {
  return {
    journal,
    callCounts: () => counters.counts(),
    clearCalls: () => {
      journal.clear()
      counters.clear()
    },
  }
}

type WebhookControl = Pick<Control, 'deliveryOf' | 'plan' | 'stream' | 'send' | 'deliveries'>

function webhooksOf({ world, settings, switchboard, post }: ControlParts): WebhookControl {
  const sender: Sender = {
    organizationId: settings.organizationId,
    secret: settings.webhookSecret,
    locationNames: () => switchboard.values.locationNames,
  }
  let sequence = 0
  return {
    deliveryOf: (mutation, form = {}) =>
      makeDelivery(mutation, {
        shape: 'usual',
        encoding: 'json',
        actionInPath: true,
        ...sender,
        locationNames: switchboard.values.locationNames,
        ...form,
        sequence: ++sequence,
        random: world.random,
      }),
    plan: (scenario) => planDeliveries(world, sender, scenario),
    stream: (scenario) => deliveryStream(world, sender, scenario),
    send: (planned, options) => post.send(planned, options),
    deliveries: post.book,
  }
}

function stateOf({ world, tokens, limits }: ControlParts): SimulatorState {
  const counted = recordTypes.map((type) => {
    const collection = world.collections[type]
    return [type, { living: collection.livingCount(), deleted: collection.deletedIds().length }] as const
  })
  return {
    organizationId: world.organization.id,
    timeZone: world.zone.name,
    now: world.zone.time(world.clock.nowMs()),
    records: Object.fromEntries(counted) as SimulatorState['records'],
    callsToday: limits.today(),
    tokensIssued: tokens.issued(),
  }
}

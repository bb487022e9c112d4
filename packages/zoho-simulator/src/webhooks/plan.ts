import { InvalidInputError } from '../invalid-input-error.ts'
import { randomMutations, type MutationWeights } from '../mutations/mutate-at-random.ts'
import type { Mutation, Stamping } from '../mutations/mutate.ts'
import { seededRandom, type Random } from '../random.ts'
import type { RecordType } from '../world/record-type.ts'
import type { World } from '../world/world.ts'
import { makeDelivery, type Delivery, type Encoding } from './delivery.ts'
import type { BodyShape } from './shape.ts'

/** A stream of deliveries, described by its proportions; every share is from 0 to 1. */
export interface Scenario {
  /** How many deliveries, duplicates included. */
  count: number
  types: readonly RecordType[]
  /** Default 90 updates to 5 creations, 3 deletions and 2 restorations. */
  kinds?: MutationWeights | undefined
  /** Weights of the body shapes; default mostly `usual`. Deletions are told in `usual` or thin bodies. */
  shapes?: Readonly<Partial<Record<BodyShape, number>>> | undefined
  /** Share of the deliveries that repeat an earlier one byte by byte; default 0. */
  duplicates?: number | undefined
  /** Share that come later than Zoho made them; default 0. */
  reordered?: number | undefined
  /** How many places later at most, and how far back a duplicate reaches; default 20. */
  window?: number | undefined
  /** Share of the mutations of which no delivery ever tells; default 0. */
  dropped?: number | undefined
  /** Share packed as a form; default 0. */
  forms?: number | undefined
  /** Share with the action in the path; default one half. Deletions always have it, unless their body says so. */
  actionPaths?: number | undefined
  /** Share without a signature; default 0. */
  unsigned?: number | undefined
  recordsPerType?: number | undefined
  /** How mutations are dated; default `now`. */
  stamp?: Stamping | undefined
  /** Default: the world's own chance goes on. */
  seed?: string | number | undefined
}

/** A planned stream: the world has already changed, nothing has been sent. */
export interface Plan {
  /** In the order in which they are to arrive. */
  deliveries: Delivery[]
  /** What happened in the world without a delivery. */
  dropped: Mutation[]
}

/** Who signs, for whom. */
export interface Sender {
  organizationId: string
  secret: string | null
  /** How its locations are named when a delivery is made. */
  locationNames?: () => 'location' | 'warehouse'
}

/** Changes the world and makes the deliveries that tell of it; throws InvalidInputError on a share that is none. */
export function planDeliveries(world: World, sender: Sender, scenario: Scenario): Plan {
  const dropped: Mutation[] = []
  const stream = deliveryStream(world, sender, {
    ...scenario,
    onDropped: (mutation) => dropped.push(mutation),
  })
  return { deliveries: [...stream], dropped }
}

/** The same one by one, so that a long stream need not be held at once: each mutation happens when it is asked for. */
export function* deliveryStream(
  world: World,
  sender: Sender,
  scenario: Scenario & { onDropped?: (mutation: Mutation) => void },
): Generator<Delivery, void> {
  checkScenario(scenario)
  const random = scenario.seed === undefined ? world.random : seededRandom(scenario.seed, 'deliveries')
  const window = scenario.window ?? 20
  const held: { place: number; delivery: Delivery }[] = []
  let place = 0
  for (const delivery of madeDeliveries(world, sender, { ...scenario, random, window })) {
    place++
    const late = random.chance(scenario.reordered ?? 0) ? random.between(1, window) + 0.5 : 0
    held.push({ place: place + late, delivery })
    yield* takeDue(held, place)
  }
  yield* takeDue(held, Infinity)
}

interface Making extends Scenario {
  random: Random
  window: number
  onDropped?: (mutation: Mutation) => void
}

/** The deliveries as Zoho makes them, duplicates at their places. */
function* madeDeliveries(world: World, sender: Sender, making: Making): Generator<Delivery, void> {
  const { random, window, count } = making
  const mutations = randomMutations(world, making)
  const recent: Delivery[] = []
  for (let sequence = 1; sequence <= count; sequence++) {
    const repeated = recent.length > 0 && random.chance(making.duplicates ?? 0) ? random.pick(recent) : null
    const delivery =
      repeated === null
        ? tell(nextTold(mutations, making), { sequence, sender, making })
        : { ...repeated, sequence, duplicateOf: repeated.duplicateOf ?? repeated.sequence }
    recent.push(delivery)
    if (recent.length > window) recent.shift()
    yield delivery
  }
}

function nextTold(mutations: Generator<Mutation, never>, making: Making): Mutation {
  let mutation = mutations.next().value
  while (making.random.chance(making.dropped ?? 0)) {
    making.onDropped?.(mutation)
    mutation = mutations.next().value
  }
  return mutation
}

interface Telling {
  sequence: number
  sender: Sender
  making: Making
}

function tell(mutation: Mutation, { sequence, sender, making }: Telling): Delivery {
  const { random } = making
  const shape = chosenShape(mutation, making)
  const thin = shape === 'thin' || shape === 'placeholders'
  const encoding: Encoding = random.chance(making.forms ?? 0) ? 'form' : 'json'
  // Nothing in a snapshot says "deleted": only the path can (docs/reference/zoho.md, webhooks).
  const actionInPath = (mutation.kind === 'delete' && !thin) || random.chance(making.actionPaths ?? 0.5)
  const secret = random.chance(making.unsigned ?? 0) ? null : sender.secret
  const { organizationId } = sender
  const locationNames = sender.locationNames?.()
  const form = { sequence, shape, encoding, actionInPath, organizationId, secret, locationNames, random }
  return makeDelivery(mutation, form)
}

function chosenShape(mutation: Mutation, { random, shapes = usualShapes }: Making): BodyShape {
  const shape = random.weighted(shapes)
  const thin = shape === 'thin' || shape === 'placeholders'
  return mutation.kind === 'delete' && !thin ? 'usual' : shape
}

function* takeDue(held: { place: number; delivery: Delivery }[], upTo: number): Generator<Delivery, void> {
  const due = held.filter(({ place }) => place <= upTo).sort((a, b) => a.place - b.place)
  for (const entry of due) {
    held.splice(held.indexOf(entry), 1)
    yield entry.delivery
  }
}

function checkScenario(scenario: Scenario): void {
  const { count, types, duplicates, reordered, window, dropped } = scenario
  if (!Number.isSafeInteger(count) || count < 1)
    throw new InvalidInputError('count must be a whole number above 0')
  if (types.length === 0) throw new InvalidInputError('types must name at least one type')
  const shares = { duplicates, reordered, dropped, ...shareFields(scenario) }
  for (const [name, share = 0] of Object.entries(shares)) {
    if (!(share >= 0 && share <= 1)) throw new InvalidInputError(`${name} must be a share from 0 to 1`)
  }
  if (dropped === 1) throw new InvalidInputError('dropped must be below 1: something has to be delivered')
  if (window !== undefined && !(Number.isSafeInteger(window) && window > 0)) {
    throw new InvalidInputError('window must be a whole number above 0')
  }
}

function shareFields({ forms, actionPaths, unsigned }: Scenario): Record<string, number | undefined> {
  return { forms, actionPaths, unsigned }
}

const usualShapes: Readonly<Partial<Record<BodyShape, number>>> = {
  usual: 60,
  detail: 15,
  sparse: 10,
  lean: 5,
  thin: 5,
  placeholders: 5,
}

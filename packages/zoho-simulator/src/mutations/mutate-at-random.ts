import { seededRandom, type Random } from '../random.ts'
import type { RecordType } from '../world/record-type.ts'
import type { World } from '../world/world.ts'
import { mutate, type Mutation, type MutationKind, type Stamping } from './mutate.ts'

/** How often each kind of mutation happens, relative to the others. */
export type MutationWeights = Readonly<Partial<Record<MutationKind, number>>>

/** What a random stream of mutations is made of. */
export interface RandomMutationOptions {
  types: readonly RecordType[]
  /** Default 90 updates to 5 creations, 3 deletions and 2 restorations. */
  kinds?: MutationWeights | undefined
  /** Concentrates the stream on so many records of each type, so that each of them changes often. */
  recordsPerType?: number | undefined
  stamp?: Stamping | undefined
  /** Without it the world's own chance goes on. */
  seed?: string | number | undefined
}

/** Makes mutations without end; each one happens when it is asked for. */
export function* randomMutations(world: World, options: RandomMutationOptions): Generator<Mutation, never> {
  const random = options.seed === undefined ? world.random : seededRandom(options.seed, 'mutations')
  const weights = options.kinds ?? usualWeights
  const pools = new Map(options.types.map((type) => [type, hotRecords(world, type, { random, options })]))
  for (;;) {
    const type = random.pick(options.types)
    yield oneMutation(world, { type, random, weights, pool: pools.get(type), stamp: options.stamp })
  }
}

const usualWeights: MutationWeights = { update: 90, create: 5, delete: 3, restore: 2 }

interface Draw {
  type: RecordType
  random: Random
  weights: MutationWeights
  pool: string[] | undefined
  stamp: Stamping | undefined
}

function oneMutation(world: World, { type, random, weights, pool, stamp }: Draw): Mutation {
  const kind = random.weighted(weights)
  const id = kind === 'create' ? undefined : pickId(world, type, { kind, random, pool })
  // Where nothing is left to delete, or nothing deleted to restore, something is created or updated instead.
  if (kind !== 'create' && id === undefined) return insteadOf(world, { type, random, weights, pool, stamp })
  const made = mutate(world, { type, kind, id, stamp: kind === 'create' ? undefined : stamp })
  if (kind === 'create') pool?.push(made.id)
  return made
}

function insteadOf(world: World, { type, random, pool, stamp }: Draw): Mutation {
  const id = pickId(world, type, { kind: 'update', random, pool })
  if (id !== undefined) return mutate(world, { type, kind: 'update', id, stamp })
  const deleted = pickId(world, type, { kind: 'restore', random, pool })
  if (deleted !== undefined) return mutate(world, { type, kind: 'restore', id: deleted, stamp })
  const made = mutate(world, { type, kind: 'create' })
  pool?.push(made.id)
  return made
}

interface IdDraw {
  kind: MutationKind
  random: Random
  pool: string[] | undefined
}

function pickId(world: World, type: RecordType, { kind, random, pool }: IdDraw): string | undefined {
  const collection = world.collections[type]
  const deleted = kind === 'restore'
  if (pool === undefined) return collection.pick(random, deleted ? 'deleted' : 'living')?.id
  // A few tries mostly do; only then is the whole pool looked through.
  for (let tries = 0; tries < 8 && pool.length > 0; tries++) {
    const id = random.pick(pool)
    if (collection.get(id)?.deleted === deleted) return id
  }
  const fitting = pool.filter((id) => collection.get(id)?.deleted === deleted)
  return fitting.length === 0 ? undefined : random.pick(fitting)
}

interface HotDraw {
  random: Random
  options: RandomMutationOptions
}

function hotRecords(world: World, type: RecordType, { random, options }: HotDraw): string[] | undefined {
  if (options.recordsPerType === undefined) return undefined
  const living = world.collections[type].living().map(({ id }) => id)
  return random.shuffled(living).slice(0, options.recordsPerType)
}

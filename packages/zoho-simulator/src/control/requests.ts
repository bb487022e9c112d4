import type { Json } from '../exact/json.ts'
import { InvalidInputError } from '../invalid-input-error.ts'
import type { RandomMutationOptions } from '../mutations/mutate-at-random.ts'
import { mutationKinds, stampings, type MutationRequest } from '../mutations/mutate.ts'
import { encodings } from '../webhooks/delivery.ts'
import type { Scenario } from '../webhooks/plan.ts'
import type { SendOptions } from '../webhooks/send.ts'
import { bodyShapes } from '../webhooks/shape.ts'
import { recordTypes, type RecordType } from '../world/record-type.ts'
import type { DeliveryFormOptions } from './control.ts'
import { readInput, required } from './input.ts'

/** Reads `{type, kind, id?, change?, set?, stamp?}`. */
export function readMutationRequest(body: Json): MutationRequest {
  const input = readInput(body, ['type', 'kind', 'id', 'change', 'set', 'stamp'])
  return {
    type: required('type', input.oneOf('type', recordTypes)),
    kind: required('kind', input.oneOf('kind', mutationKinds)),
    id: input.text('id'),
    change: input.text('change'),
    set: input.object('set'),
    stamp: input.oneOf('stamp', stampings),
  }
}

/** Reads `{count, types, kinds?, recordsPerType?, stamp?, seed?}`. */
export function readRandomMutations(body: Json): { count: number; options: RandomMutationOptions } {
  const input = readInput(body, ['count', 'types', 'kinds', 'recordsPerType', 'stamp', 'seed'])
  return {
    count: required('count', input.count('count')),
    options: {
      types: atLeastOne(required('types', input.listOf('types', recordTypes))),
      kinds: input.weights('kinds', mutationKinds),
      recordsPerType: input.count('recordsPerType'),
      stamp: input.oneOf('stamp', stampings),
      seed: input.text('seed'),
    },
  }
}

/** Reads a scenario; its fields are those of the Scenario type. */
export function readScenario(body: Json): Scenario {
  const input = readInput(body, scenarioFields)
  return {
    count: required('count', input.count('count')),
    types: atLeastOne(required('types', input.listOf('types', recordTypes))),
    kinds: input.weights('kinds', mutationKinds),
    shapes: input.weights('shapes', bodyShapes),
    duplicates: input.number('duplicates'),
    reordered: input.number('reordered'),
    window: input.count('window'),
    dropped: input.number('dropped'),
    forms: input.number('forms'),
    actionPaths: input.number('actionPaths'),
    unsigned: input.number('unsigned'),
    recordsPerType: input.count('recordsPerType'),
    stamp: input.oneOf('stamp', stampings),
    seed: input.text('seed'),
  }
}

/** What is to be delivered: a new scenario, one mutation, or an earlier plan or a part of it. */
export type DeliverySource =
  | { scenario: Scenario }
  | { mutation: MutationRequest; form: DeliveryFormOptions }
  | { plan: string; sequences: number[] | undefined }

/** A request to deliver. */
export interface DeliveryRequest {
  source: DeliverySource
  options: SendOptions
  /** Whether the answer waits for the last delivery; default true. */
  wait: boolean
}

/** Reads what to deliver, where to and how. */
export function readDeliveryRequest(body: Json): DeliveryRequest {
  const input = readInput(body, deliveryFields)
  return {
    source: readSource(input),
    options: {
      target: required('target', input.text('target')),
      concurrency: input.count('concurrency'),
      ratePerSecond: input.number('ratePerSecond'),
      retries: input.count('retries'),
      retryDelayMs: input.number('retryDelayMs'),
      timeoutMs: input.count('timeoutMs'),
    },
    wait: input.flag('wait') ?? true,
  }
}

/** Reads a type from a path; throws InvalidInputError naming the types there are. */
export function readType(text: string | undefined): RecordType {
  const type = recordTypes.find((known) => known === text)
  if (type === undefined)
    throw new InvalidInputError(`There is no type ${text ?? ''}; there is ${recordTypes.join(', ')}`)
  return type
}

const scenarioFields = [
  'count',
  'types',
  'kinds',
  'shapes',
  'duplicates',
  'reordered',
  'window',
  'dropped',
  'forms',
  'actionPaths',
  'unsigned',
  'recordsPerType',
  'stamp',
  'seed',
]

const sourceFields = ['scenario', 'mutation', 'plan']

const deliveryFields = [
  ...sourceFields,
  'sequences',
  'shape',
  'encoding',
  'actionInPath',
  'signed',
  'target',
  'concurrency',
  'ratePerSecond',
  'retries',
  'retryDelayMs',
  'timeoutMs',
  'wait',
]

function readSource(input: ReturnType<typeof readInput>): DeliverySource {
  const scenario = input.object('scenario')
  const mutation = input.object('mutation')
  const plan = input.text('plan')
  if ([scenario, mutation, plan].filter((source) => source !== undefined).length !== 1) {
    throw new InvalidInputError(`Name exactly one of ${sourceFields.join(', ')}`)
  }
  if (scenario !== undefined) return { scenario: readScenario(scenario) }
  if (plan !== undefined) return { plan, sequences: input.counts('sequences') }
  return { mutation: readMutationRequest(required('mutation', mutation)), form: readForm(input) }
}

function readForm(input: ReturnType<typeof readInput>): DeliveryFormOptions {
  const shape = input.oneOf('shape', bodyShapes)
  const encoding = input.oneOf('encoding', encodings)
  const actionInPath = input.flag('actionInPath')
  return {
    ...(shape === undefined ? {} : { shape }),
    ...(encoding === undefined ? {} : { encoding }),
    ...(actionInPath === undefined ? {} : { actionInPath }),
    ...(input.flag('signed') === false ? { secret: null } : {}),
  }
}

function atLeastOne<T>(list: T[]): T[] {
  if (list.length === 0) throw new InvalidInputError('types must name at least one type')
  return list
}

import type { MergeRequest } from '../drift/merge-contacts.ts'
import { driftings, type DriftRequest } from '../drift/random-drift.ts'
import type { Json } from '../exact/json.ts'
import type { MeanwhileRequest } from '../mutations/meanwhile.ts'
import { readInput, required } from './input.ts'
import { readMutationRequest } from './requests.ts'

/** Reads `{count, what?, seed?}`. */
export function readDriftRequest(body: Json): DriftRequest {
  const input = readInput(body, ['count', 'what', 'seed'])
  return {
    count: required('count', input.count('count')),
    what: input.listOf('what', driftings),
    seed: input.text('seed'),
  }
}

/** Reads `{from, into}`. */
export function readMergeRequest(body: Json): MergeRequest {
  const input = readInput(body, ['from', 'into'])
  return { from: required('from', input.text('from')), into: required('into', input.text('into')) }
}

/** Reads `{path, mutation, after?, when?}`. */
export function readMeanwhileRequest(body: Json): MeanwhileRequest {
  const input = readInput(body, ['path', 'mutation', 'after', 'when'])
  return {
    path: required('path', input.text('path')),
    mutation: readMutationRequest(required('mutation', input.object('mutation'))),
    after: input.whole('after'),
    when: input.oneOf('when', ['before', 'during']),
  }
}

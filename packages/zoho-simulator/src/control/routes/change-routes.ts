import type { JsonObject } from '../../exact/json.ts'
import type { MeanwhileEntry } from '../../mutations/meanwhile.ts'
import type { ControlRoute } from '../control-route.ts'
import { readDriftRequest, readMeanwhileRequest, readMergeRequest } from '../drift-requests.ts'
import { readMutationRequest, readRandomMutations } from '../requests.ts'
import { asJson, mutationJson, mutationSummary } from '../shown.ts'

/** What changes in the world, openly and silently. */
export const changeRoutes: readonly ControlRoute[] = [
  {
    method: 'POST',
    path: '/mutations',
    tells: 'One change: `{type, kind, id?, change?, set?, stamp?}`. Nothing is sent.',
    handle: ({ control, body }) => ({ body: mutationJson(control.mutate(readMutationRequest(body()))) }),
  },
  {
    method: 'POST',
    path: '/mutations/random',
    tells: 'Many: `{count, types, kinds?, recordsPerType?, stamp?, seed?}`.',
    handle: ({ control, body }) => {
      const { count, options } = readRandomMutations(body())
      return { body: { mutations: control.mutateAtRandom(count, options).map(mutationSummary) } }
    },
  },
  {
    method: 'POST',
    path: '/meanwhile',
    tells:
      'A change while somebody calls: `{path, mutation, after?, when?}`; `when` is `before` the answer is made, or `during` (default), between making and sending it.',
    handle: ({ control, body }) => ({ body: { id: control.meanwhile.add(readMeanwhileRequest(body())) } }),
  },
  {
    method: 'GET',
    path: '/meanwhile',
    tells: 'Those changes, waiting and done.',
    handle: ({ control }) => ({ body: { meanwhile: control.meanwhile.entries().map(meanwhileJson) } }),
  },
  {
    method: 'DELETE',
    path: '/meanwhile',
    tells: 'Forgets them all.',
    handle: ({ control }) => {
      control.meanwhile.clear()
      return { body: { status: 'cleared' } }
    },
  },
  {
    method: 'POST',
    path: '/drifts',
    tells:
      'So much moves under the versions that records have: `{count, what?, seed?}`, of `balance`, `credits`, `stock`.',
    handle: ({ control, body }) => ({ body: { drifted: asJson(control.drift(readDriftRequest(body()))) } }),
  },
  {
    method: 'POST',
    path: '/merges',
    tells: 'Two contacts become one: `{from, into}` retires the id `from`, and its documents move. Silent.',
    handle: ({ control, body }) => ({ body: { moved: asJson(control.merge(readMergeRequest(body()))) } }),
  },
  {
    method: 'GET',
    path: '/silent-changes',
    tells:
      'What changed without a new version or a webhook: drift, merges, shifts between pages, the calendar.',
    handle: ({ control }) => ({ body: { changes: asJson(control.silentChanges.all()) } }),
  },
  {
    method: 'DELETE',
    path: '/silent-changes',
    tells: 'Clears that list; what changed stays changed.',
    handle: ({ control }) => {
      control.silentChanges.clear()
      return { body: { status: 'cleared' } }
    },
  },
]

function meanwhileJson({ id, request, outcome }: MeanwhileEntry): JsonObject {
  const { path, mutation, after = 0, when = 'during' } = request
  const done = outcome === null ? null : 'error' in outcome ? { ...outcome } : mutationSummary(outcome)
  return { id, path, after, when, type: mutation.type, kind: mutation.kind, outcome: done }
}

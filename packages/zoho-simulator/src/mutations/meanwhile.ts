import { pathTest } from '../faults/path-test.ts'
import { InvalidInputError } from '../invalid-input-error.ts'
import type { World } from '../world/world.ts'
import { mutate, type Mutation, type MutationRequest } from './mutate.ts'

/** A change that happens while somebody calls. */
export interface MeanwhileRequest {
  /** A whole path with its root, in which `*` stands for anything. */
  path: string
  mutation: MutationRequest
  /** So many matching calls pass first; default 0. */
  after?: number | undefined
  /** Before the call is answered, or (the default) after the answer was made and before it is sent. */
  when?: 'before' | 'during' | undefined
}

/** One such change, waiting or done. */
export interface MeanwhileEntry {
  id: string
  request: MeanwhileRequest
  /** Null while it waits; the reason where the world would not let it happen. */
  outcome: Mutation | { error: string } | null
}

/** Changes that wait for their call. */
export interface Meanwhile {
  add(request: MeanwhileRequest): string
  entries(): readonly MeanwhileEntry[]
  clear(): void
  /** Tells that a call came; what happens during it, happens when the function returned is called. */
  callCame(path: string): () => void
}

/** Lets nothing happen until it is told to. */
export function meanwhileChanges(world: World): Meanwhile {
  let waiting: Waiting[] = []
  let made = 0
  return {
    add: (request) => {
      const entry: Waiting = {
        id: `meanwhile-${++made}`,
        request,
        outcome: null,
        passed: 0,
        fits: pathTest(request.path),
      }
      waiting.push(entry)
      return entry.id
    },
    entries: () => waiting.map(({ id, request, outcome }) => ({ id, request, outcome })),
    clear: () => {
      waiting = []
    },
    callCame: (path) => {
      const due = waiting.filter((entry) => isDue(entry, path))
      for (const entry of due) {
        // Taken at once: another call that comes in the meantime is not met as well.
        entry.outcome = { error: 'The call has not been answered yet' }
        if (entry.request.when === 'before') happen(world, entry)
      }
      return () => {
        for (const entry of due) if (entry.request.when !== 'before') happen(world, entry)
      }
    },
  }
}

interface Waiting extends MeanwhileEntry {
  passed: number
  fits: (path: string) => boolean
}

function isDue(entry: Waiting, path: string): boolean {
  if (entry.outcome !== null || !entry.fits(path)) return false
  return entry.passed++ >= (entry.request.after ?? 0)
}

/** What cannot happen must not spoil the call that somebody makes. */
function happen(world: World, entry: Waiting): void {
  try {
    entry.outcome = mutate(world, entry.request.mutation)
  } catch (error) {
    if (!(error instanceof InvalidInputError)) throw error
    entry.outcome = { error: error.message }
  }
}

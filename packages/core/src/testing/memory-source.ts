import type { ExactObject } from '../json/index.ts'
import type { AdmittedCall, ListPage, PageWish, RecordAnswer, RecordSource } from '../sync/record-source.ts'

/** A source that answers from memory: what `hold` was given, or "not there". */
export interface MemorySource extends RecordSource {
  hold(zohoId: string, record: ExactObject): void
  remove(zohoId: string): void
  /** Answers lists from now on; until then they are empty. */
  list(answer: (wish: PageWish) => ListPage): void
  /** Reads of one record answered so far. */
  reads(): number
  /** The ids of each call for many records so far. */
  bulks(): readonly (readonly string[])[]
  /** Calls that were asked for so far, allowed or not. */
  asked(): number
  /** Makes the next calls fail with this error, until called with null. */
  fail(error: Error | null): void
  /** Refuses the next calls with this error before they are made, until called with null. */
  refuse(error: Error | null): void
  /** Does this while the next answer is under way: the answer was made before, as by a source that is slow to send. */
  meanwhile(action: () => Promise<void>): void
}

/** Makes an empty source. */
export function memorySource(): MemorySource {
  const records = new Map<string, ExactObject>()
  const bulks: (readonly string[])[] = []
  let pageOf = (_wish: PageWish): ListPage => ({ rows: [], hasMore: false })
  let answered = 0
  let asked = 0
  let failure: Error | null = null
  let refusal: Error | null = null
  let actions: (() => Promise<void>)[] = []
  const deliver = async <T>(answer: T): Promise<T> => {
    const due = actions
    actions = []
    for (const action of due) await action()
    return answer
  }
  const call: AdmittedCall = {
    read: async (zohoId) => {
      if (failure !== null) throw failure
      answered += 1
      const record = records.get(zohoId)
      return deliver<RecordAnswer>(record === undefined ? { kind: 'not-there' } : { kind: 'found', record })
    },
    readMany: async (zohoIds) => {
      if (failure !== null) throw failure
      bulks.push(zohoIds)
      const found = zohoIds.flatMap((id) => {
        const record = records.get(id)
        return record === undefined ? [] : [[id, record] as const]
      })
      return deliver(new Map(found))
    },
    readPage: async (wish) => {
      if (failure !== null) throw failure
      return deliver(pageOf(wish))
    },
    release: () => Promise.resolve(),
  }
  return {
    hold: (zohoId, record) => records.set(zohoId, record),
    remove: (zohoId) => records.delete(zohoId),
    list: (answer) => {
      pageOf = answer
    },
    reads: () => answered,
    bulks: () => bulks,
    asked: () => asked,
    fail: (error) => {
      failure = error
    },
    refuse: (error) => {
      refusal = error
    },
    meanwhile: (action) => actions.push(action),
    admit: () => {
      asked += 1
      return refusal === null ? Promise.resolve(call) : Promise.reject(refusal)
    },
  }
}

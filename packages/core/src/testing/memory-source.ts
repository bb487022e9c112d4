import type { ExactObject } from '../json/index.ts'
import type { RecordAnswer, RecordSource } from '../sync/record-source.ts'

/** A source that answers from memory: what `hold` was given, or "not there". */
export interface MemorySource extends RecordSource {
  hold(zohoId: string, record: ExactObject): void
  remove(zohoId: string): void
  /** Reads answered so far. */
  reads(): number
  /** Makes the next reads fail with this error, until called with null. */
  fail(error: Error | null): void
}

/** Makes an empty source. */
export function memorySource(): MemorySource {
  const records = new Map<string, ExactObject>()
  let answered = 0
  let failure: Error | null = null
  const read = (zohoId: string): Promise<RecordAnswer> => {
    if (failure !== null) return Promise.reject(failure)
    answered += 1
    const record = records.get(zohoId)
    return Promise.resolve(record === undefined ? { kind: 'not-there' } : { kind: 'found', record })
  }
  return {
    hold: (zohoId, record) => records.set(zohoId, record),
    remove: (zohoId) => records.delete(zohoId),
    reads: () => answered,
    fail: (error) => {
      failure = error
    },
    admit: () => Promise.resolve({ read, release: () => Promise.resolve() }),
  }
}

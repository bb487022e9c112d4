import { randomUUID } from 'node:crypto'
import {
  entityOf,
  performRun,
  type AdmittedCall,
  type EntityType,
  type ExactObject,
  type ListPage,
  type RunParts,
} from '@tds/core'
import { openRuns, type Database } from '@tds/db'
import type { Clock } from '@tds/runtime'

/** A worker that carries runs out when a test says so. */
export interface RunWorker {
  /** Carries out what waits in a type. */
  work(entityType: EntityType): Promise<void>
  /** The rows that lists have from now on, in pages of 200. */
  list(rows: readonly ExactObject[]): void
}

/** Makes a worker for an organisation. What it compares it finds equal. */
export function runWorker(db: Database, organizationId: string): RunWorker {
  let rows: readonly ExactObject[] = []
  const pageOf = (page: number): ListPage => ({
    rows: rows.slice((page - 1) * 200, page * 200),
    hasMore: rows.length > page * 200,
  })
  const call: AdmittedCall = {
    read: () => Promise.resolve({ kind: 'not-there' }),
    readMany: () => Promise.resolve(new Map()),
    readPage: ({ page }) => Promise.resolve(pageOf(page)),
    release: () => Promise.resolve(),
  }
  const parts: RunParts = {
    db,
    queue: { send: () => Promise.resolve() },
    source: { admit: () => Promise.resolve(call) },
    lease: { guard: () => Promise.resolve() },
    signal: new AbortController().signal,
    daemonId: randomUUID(),
    compare: () => Promise.reject(new Error('these tests compare nothing')),
  }
  return {
    list: (next) => {
      rows = next
    },
    work: async (entityType) => {
      const entity = entityOf(entityType)
      if (entity === undefined) throw new Error(`there is no type ${entityType}`)
      for (const run of await openRuns(db, { organizationId, entityType }))
        await performRun(parts, { organizationId, entity }, { kind: 'open', run })
    },
  }
}

/** A clock that stands still but for the waits, each of which passes at once and lets `meanwhile` happen. */
export function waitingClock(meanwhile: () => Promise<void>): Clock {
  let passedMs = 0
  return {
    now: () => new Date(passedMs),
    monotonicMs: () => passedMs,
    sleep: async (ms) => {
      passedMs += ms
      await meanwhile()
    },
  }
}

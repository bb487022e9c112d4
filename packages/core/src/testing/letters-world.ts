import {
  findDeadLetter,
  listDeadLetters,
  lockWaitingEvents,
  type DeadLetterClass,
  type DeadLetterFilter,
  type StoredDeadLetter,
} from '@tds/db'
import { discardLetters } from '../dead-letters/discard-letters.ts'
import { performReplays, type ReplayReport } from '../dead-letters/perform-replays.ts'
import { requestReplay, type RequestedReplay, type WantedReplay } from '../dead-letters/request-replay.ts'
import { product } from '../entities/product.ts'
import { recordFates } from '../inbox/event-fate.ts'
import { failure } from '../inbox/failure.ts'
import { processEvents } from '../inbox/process-events.ts'
import type { ExactObject } from '../json/index.ts'
import type { OperatorRequest } from '../quarantine/operator-work.ts'
import { createSyncWorld, exampleRecord, testOrganization, wrapped, type SyncWorld } from './sync-world.ts'

/** A world in which events are given up on, and replayed. */
export interface LettersWorld extends SyncWorld {
  /** Puts a webhook of a product into the inbox: the example with these changes. */
  deliver(zohoId: string, changes?: Readonly<Record<string, ExactObject[string]>>): Promise<string>
  /** Gives an event up for a reason of this class that is gone already; returns its dead letter. */
  giveUp(eventId: string, kind: DeadLetterClass, o?: { code?: string; message?: string }): Promise<string>
  /** Delivers and gives up. */
  letter(
    zohoId: string,
    kind: DeadLetterClass,
    changes?: Readonly<Record<string, ExactObject[string]>>,
  ): Promise<string>
  /** Delivers and processes, as ever. */
  apply(zohoId: string, changes?: Readonly<Record<string, ExactObject[string]>>): Promise<string>
  request(
    filter: DeadLetterFilter,
    o?: Partial<WantedReplay> & Partial<OperatorRequest>,
  ): Promise<RequestedReplay>
  /** One second of a worker that carries replays out. */
  second(): Promise<ReplayReport>
  discard(ids: readonly string[], o?: Partial<OperatorRequest>): ReturnType<typeof discardLetters>
  find(letterId: string): Promise<StoredDeadLetter>
  open(): Promise<StoredDeadLetter[]>
  /** Received minus what has ended or waits; empty where nothing was lost. */
  unconserved(): Promise<unknown[]>
}

/** Who acts in these tests. */
export const operator = { actor: 'amal', reason: 'the cause is gone', dryRun: false, via: 'test' }

/** Makes a world of its own. */
export async function createLettersWorld(): Promise<LettersWorld> {
  const sync = await createSyncWorld()
  const { db, parts } = sync
  const lease = { guard: () => Promise.resolve() }
  const replaying = {
    ...parts,
    lease,
    signal: new AbortController().signal,
    together: <T>(work: () => Promise<T>) => work(),
    pace: { take: (_: string, ratePerSecond: number) => ratePerSecond },
  }
  const world: LettersWorld = {
    ...sync,
    deliver: (zohoId, changes = {}) => {
      const record = exampleRecord(product, 'detail', { item_id: zohoId, ...changes })
      return sync.receive({ entity: product, zohoId, body: wrapped(product, record) })
    },
    giveUp: async (eventId, kind, o = {}) => {
      const reason = failure(kind, o.code ?? `a_${kind}_fault`, o.message ?? `a ${kind} fault that is gone`)
      await db.transaction(async (tx) => {
        const events = await lockWaitingEvents(tx, [eventId])
        const fates = events.map((event) => ({ event, status: 'dead_letter' as const, failure: reason }))
        await recordFates(parts, tx, { fates, startedAt: performance.now() })
      })
      const [letter] = await listDeadLetters(
        db,
        { organizationId: testOrganization, ids: [eventId] },
        { limit: 1, after: null },
      )
      return letter?.id ?? ''
    },
    letter: async (zohoId, kind, changes = {}) => world.giveUp(await world.deliver(zohoId, changes), kind),
    apply: async (zohoId, changes = {}) => {
      const id = await world.deliver(zohoId, changes)
      await processEvents(parts, [id])
      return id
    },
    request: (filter, o = {}) => {
      const { actor, reason, dryRun, via, ...more } = { ...operator, ...o }
      const wanted = {
        organizationId: testOrganization,
        filter,
        words: {},
        ratePerSecond: 1000,
        stopOnErrorPercent: 100,
        skipStale: false,
      }
      return requestReplay(db, { ...wanted, ...more }, { actor, reason, dryRun, via })
    },
    second: () => performReplays(replaying),
    discard: (ids, o = {}) =>
      discardLetters(
        parts,
        { organizationId: testOrganization, filter: { ids } },
        { ...operator, ...o, reason: 'nothing for us' },
      ),
    find: async (id) => {
      const letter = await findDeadLetter(db, id)
      if (letter === null) throw new Error(`there is no dead letter ${id}`)
      return letter
    },
    open: () =>
      listDeadLetters(
        db,
        { organizationId: testOrganization, statuses: ['open'] },
        { limit: 1000, after: null },
      ),
    unconserved: async () => (await db.query('SELECT * FROM tds_v_conservation WHERE difference <> 0')).rows,
  }
  return world
}

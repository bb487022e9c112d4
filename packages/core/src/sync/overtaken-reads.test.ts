import { randomUUID } from 'node:crypto'
import { product } from '../entities/product.ts'
import { processEvents } from '../inbox/process-events.ts'
import type { ExactObject } from '../json/index.ts'
import {
  createSyncWorld,
  exampleRecord,
  testOrganization,
  wrapped,
  type SyncWorld,
} from '../testing/sync-world.ts'
import { performRead } from './perform-read.ts'
import type { RecordAnswer, RecordSource } from './record-source.ts'

describe('an answer that something overtook', () => {
  let world: SyncWorld
  let zohoId: string

  beforeEach(async () => {
    world = await createSyncWorld()
    zohoId = '460122000000950001'
  })
  afterEach(() => world.drop())

  it('leaves a delete waiting for another look when an update arrives while its read is in flight', async () => {
    await receiveWhole(1, { brand: 'v1' })
    await world.settle()
    const deletion = await world.receive({
      entity: product,
      zohoId,
      operation: 'delete',
      body: wrapped(product, bareRecord()),
    })
    await processEvents(parts(), [deletion])
    await readWhile(() => receiveWhole(2, { brand: 'v2' }), { kind: 'not-there' })
    expect(await world.status(deletion)).not.toBe('stale')
    await untilQuiet()
    expect((await world.row(product, zohoId))?.['deleted_at']).not.toBeNull()
    expect(await world.status(deletion)).toBe('applied')
  })

  it('is asked for again where a tie waits for it, so that what came meanwhile does not stay over something newer', async () => {
    await receiveWhole(1, { brand: 'v1' })
    await world.settle()
    const tie = await receiveWhole(1, { brand: 'v1b' })
    await processEvents(parts(), [tie])
    const newest = recordOf(3, { brand: 'v3' })
    world.source.hold(zohoId, newest)
    await readWhile(() => receiveWhole(2, { brand: 'v2' }), { kind: 'found', record: newest })
    await untilQuiet()
    expect((await world.row(product, zohoId))?.['brand']).toBe('v3')
  })

  it('leaves a read owed when it is older than the row that it was to complete', async () => {
    await receiveWhole(1, { brand: 'v1', description: 'd1' })
    await world.settle()
    const partial = recordOf(5, { brand: 'v5', description: undefined, locations: undefined })
    await world.receive({ entity: product, zohoId, body: wrapped(product, partial) })
    world.source.hold(zohoId, recordOf(1, { brand: 'v1', description: 'd1' }))
    await world.settle()
    world.source.hold(zohoId, recordOf(5, { brand: 'v5', description: 'd5' }))
    await untilQuiet()
    expect((await world.row(product, zohoId))?.['description']).toBe('d5')
  })

  it('becomes a dead letter of class data when Postgres refuses a value of it', async () => {
    const hint = await world.receive({ entity: product, zohoId, body: wrapped(product, bareRecord()) })
    await processEvents(parts(), [hint])
    const sku = Array.from({ length: 300 }, () => randomUUID()).join('')
    world.source.hold(zohoId, recordOf(1, { sku }))
    await world.settle()
    expect(await world.status(hint)).toBe('dead_letter')
    expect(await world.deadLetters(zohoId)).toMatchObject([{ class: 'data' }])
  })

  function parts() {
    return {
      db: world.db,
      mover: { daemonId: randomUUID(), lane: 0 },
      queue: { send: () => Promise.resolve() },
      retry: () => ({ maxAttempts: 3, baseMs: 1, maxMs: 2 }),
    }
  }

  function recordOf(minute: number, changes: Parameters<typeof exampleRecord>[2]): ExactObject {
    const version = `2026-07-21T17:${String(minute).padStart(2, '0')}:00+0100`
    return exampleRecord(product, 'detail', { item_id: zohoId, last_modified_time: version, ...changes })
  }

  function bareRecord(): ExactObject {
    const record = Object.create(null) as ExactObject
    record['item_id'] = zohoId
    return record
  }

  function receiveWhole(minute: number, changes: Parameters<typeof exampleRecord>[2]): Promise<string> {
    return world.receive({ entity: product, zohoId, body: wrapped(product, recordOf(minute, changes)) })
  }

  /** Performs the owed read; its answer comes only after a delivery was received and applied. */
  async function readWhile(deliver: () => Promise<string>, answer: RecordAnswer): Promise<void> {
    const source: RecordSource = {
      admit: async (wish) => ({
        ...(await world.source.admit(wish)),
        read: async () => {
          await processEvents(parts(), [await deliver()])
          return answer
        },
      }),
    }
    const key = { organizationId: testOrganization, entityType: 'product', zohoId }
    await performRead({ ...parts(), source }, key, new AbortController().signal)
  }

  async function untilQuiet(): Promise<void> {
    for (let looks = 0; looks < 4; looks += 1) {
      await world.passTime()
      await world.settle()
    }
  }
})

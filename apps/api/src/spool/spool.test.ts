import { chmod, mkdir, readdir, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { metricsRegistry } from '@tds/runtime'
import { captureLogs, describeService } from '@tds/runtime/testing'
import { drainableIds, makeSpoolWorld, type SpoolWorld, until } from '../testing/spool-world.ts'
import { spooledEvent } from '../testing/spooled-event.ts'
import { spoolDrain } from './drain-spool.ts'
import { lockFolder } from './folder-lock.ts'
import { readSegment } from './segment.ts'
import { createSpool, type Spool } from './spool.ts'

let world: SpoolWorld

beforeEach(async () => {
  captureLogs()
  world = await makeSpoolWorld()
})
afterEach(async () => {
  await world.close()
})

describeService('spool', async () => {
  const own = await makeSpoolWorld()
  return { service: createSpool({ dir: own.dir, limit: 1024 ** 2 }), cleanUp: async () => own.close() }
})

describe('a spool', () => {
  it('has a delivery on disk before it says so, for nobody else to read', async () => {
    const spool = await world.open()
    const before = await fsyncs()
    await spool.put(spooledEvent(1), 'away')
    expect(await fsyncs()).toBe(before + 1)
    const [file = ''] = await world.files()
    expect((await stat(file)).mode & 0o777).toBe(0o600)
    expect((await stat(join(file, '..'))).mode & 0o777).toBe(0o700)
    expect(spool.state()).toMatchObject({ problem: null, records: 1, tornFiles: 0 })
    expect(spool.state().bytes).toBeGreaterThanOrEqual((await stat(file)).size)
    expect(await drainableIds(spool)).toEqual([spooledEvent(1).id])
  })

  it('keeps the order in which deliveries came, over segments and an fsync for many', async () => {
    const spool = await world.open({ limit: 64 * 1024 ** 2, putMs: 25_000 })
    const before = await fsyncs()
    const numbers = Array.from({ length: 3000 }, (_, number) => number)
    const large = { rawBody: Buffer.alloc(4000), payload: null }
    await Promise.all(numbers.map(async (number) => spool.put({ ...spooledEvent(number), ...large }, 'away')))
    expect(await drainableIds(spool)).toEqual(numbers.map((number) => spooledEvent(number).id))
    expect((await fsyncs()) - before).toBeLessThan(100)
  })

  it('answers two hundred at once, again and again, within five seconds', async () => {
    const spool = await world.open({ limit: 64 * 1024 ** 2, putMs: 25_000 })
    let slowest = 0
    for (let round = 0; round < 10; round += 1) {
      await Promise.all(
        Array.from({ length: 200 }, async (_, index) => {
          const startedAt = performance.now()
          await spool.put(spooledEvent(round * 200 + index), 'away')
          slowest = Math.max(slowest, performance.now() - startedAt)
        }),
      )
    }
    expect(slowest).toBeLessThan(5000)
  })

  it('F-28: takes nothing beyond its limit, and takes again when something was drained', async () => {
    const spool = await world.open({ limit: 8000 })
    let taken = 0
    await expect(
      (async () => {
        for (;;) {
          await spool.put(spooledEvent(taken), 'away')
          taken += 1
        }
      })(),
    ).rejects.toMatchObject({ code: 'spool_full', disposition: 'retry' })
    expect(taken).toBeGreaterThan(2)
    expect(spool.state().problem).toMatchObject({ code: 'spool_full' })
    expect(spool.state().bytes).toBeLessThanOrEqual(8000)
    for (const segment of await spool.drainable()) await spool.remove(segment)
    await expect(spool.put(spooledEvent(taken), 'away')).resolves.toBeUndefined()
  })

  it('counts what others have in the same folder towards the limit', async () => {
    const first = await world.open()
    for (let number = 0; number < 10; number += 1) await first.put(spooledEvent(number), 'away')
    const [file = ''] = await world.files()
    const second = await world.open({ limit: (await stat(file)).size + 200 })
    await expect(second.put(spooledEvent(11), 'away')).rejects.toMatchObject({ code: 'spool_full' })
  })

  it('is off while less than a tenth of the volume is free, and on again by itself', async () => {
    let freeShare = 0.09
    const spool = await world.open({ measure: async () => ({ othersBytes: 0, tornFiles: 0, freeShare }) })
    await expect(spool.put(spooledEvent(1), 'away')).rejects.toMatchObject({ code: 'spool_off' })
    expect(await world.files()).toEqual([])
    freeShare = 0.11
    await until(() => spool.state().problem === null)
    await expect(spool.put(spooledEvent(1), 'away')).resolves.toBeUndefined()
  })

  it('F-28: that has no folder to write to says so, and opens by itself when it has one', async () => {
    const blocked = join(world.dir, 'blocked')
    await writeFile(blocked, 'a file where the folder should be')
    const spool = await world.open({ dir: join(blocked, 'spool') })
    expect(spool.state().problem).toMatchObject({ code: 'spool_unwritable' })
    await expect(spool.put(spooledEvent(1), 'away')).rejects.toMatchObject({ code: 'spool_unwritable' })
    await rm(blocked)
    await until(() => spool.state().problem === null)
    await expect(spool.put(spooledEvent(1), 'away')).resolves.toBeUndefined()
  })

  it('promises nothing to a delivery whose folder was deleted under it, and goes on in a new one', async () => {
    const spool = await world.open({ watchMs: 60_000 })
    await spool.put(spooledEvent(1), 'away')
    for (const name of await readdir(world.dir)) await rm(join(world.dir, name), { recursive: true })
    await expect(spool.put(spooledEvent(2), 'away')).rejects.toMatchObject({ code: 'spool_unwritable' })
    const other = await world.open()
    await rm(world.dir, { recursive: true })
    await until(() => isTaken(other.put(spooledEvent(3), 'away')))
    expect(await drainableIds(other)).toEqual([spooledEvent(3).id])
  })

  it('keeps secrets and bodies out of the log', async () => {
    const logs = captureLogs()
    const spool = await world.open({ limit: 1500 })
    const secret = { ...spooledEvent(1), rawBody: Buffer.from('canary-in-the-body') }
    await spool.put(secret, 'away')
    for (let number = 0; number < 5; number += 1) await spool.put(secret, 'away').catch(() => undefined)
    expect(logs.text()).toContain('nothing can be spooled')
    expect(logs.text()).not.toContain('canary')
  })
})

describe('the folders of a spool', () => {
  it('are of one process each, and the lock of a living one is not to be had', async () => {
    const [first, second] = [await world.open(), await world.open()]
    await first.put(spooledEvent(1), 'away')
    await second.put(spooledEvent(2), 'away')
    const folders = (await readdir(world.dir)).filter((name) => name.startsWith('api-'))
    expect(folders).toHaveLength(2)
    for (const name of folders) expect(await lockFolder(join(world.dir, name))).toBeNull()
    // A few rounds of looking around adopt nothing.
    await sleep(100)
    expect(await drainableIds(first)).toEqual([spooledEvent(1).id])
    expect(await drainableIds(second)).toEqual([spooledEvent(2).id])
  })

  it('are removed when their api stops with nothing in them', async () => {
    const spool = await world.open()
    await spool.put(spooledEvent(1), 'away')
    for (const segment of await spool.drainable()) await spool.remove(segment)
    await spool.stop()
    expect(await readdir(world.dir)).toEqual(['torn'])
  })

  it('are taken over when their api is gone, before what is newer, and removed when they are drained', async () => {
    const gone = await world.open()
    await gone.put(spooledEvent(1), 'away')
    await gone.put(spooledEvent(2), 'away')
    await gone.stop()
    const next = await world.open()
    await next.put(spooledEvent(3), 'away')
    await until(() => next.state().adoptedFolders === 1)
    expect(next.state().records).toBe(3)
    expect(await drainableIds(next)).toEqual([1, 2, 3].map((number) => spooledEvent(number).id))
    for (const segment of await next.drainable()) await next.remove(segment)
    expect(next.state()).toMatchObject({ records: 0, adoptedFolders: 0, oldestSeconds: null })
    expect((await readdir(world.dir)).filter((name) => name.startsWith('api-'))).toHaveLength(1)
  })

  it('are taken over by exactly one of many', async () => {
    const gone = await world.open()
    await gone.put(spooledEvent(1), 'away')
    await gone.stop()
    const others = await Promise.all(Array.from({ length: 5 }, async () => world.open()))
    await until(() => others.some((spool) => spool.state().adoptedFolders === 1))
    await sleep(100)
    const held = await Promise.all(others.map(drainableIds))
    expect(held.flat()).toEqual([spooledEvent(1).id])
  })

  it('that hold something strange are left as they are', async () => {
    await mkdir(join(world.dir, 'api-notes'))
    await writeFile(join(world.dir, 'api-notes', 'list.txt'), 'of a person')
    const spool = await world.open()
    await sleep(60)
    expect(spool.state()).toMatchObject({ problem: null, adoptedFolders: 0 })
    expect(await readdir(join(world.dir, 'api-notes'))).toEqual(['list.txt'])
  })
})

describe('F-29: a segment torn in its last record', () => {
  it('is drained up to there; the rest is set aside, told and never drained', async () => {
    const logs = captureLogs()
    const gone = await world.open()
    for (const number of [1, 2, 3]) await gone.put(spooledEvent(number), 'away')
    await gone.stop()
    const [file = ''] = await world.files()
    await truncate(file, (await stat(file)).size - 7)
    const next = await world.open()
    await until(() => next.state().adoptedFolders === 1)
    expect(next.state().records).toBe(2)
    const stored = await drainInto(next)
    expect(stored).toEqual([1, 2].map((number) => spooledEvent(number).id))
    await until(() => next.state().tornFiles === 1)
    const [torn = ''] = await world.files()
    expect(torn).toMatch(/\/torn\/api-.*\.torn$/)
    expect((await stat(torn)).mode & 0o777).toBe(0o600)
    expect(logs.text()).toContain('cut off before it was promised')
    expect(next.state().records).toBe(0)
  })

  it('and one damaged in its middle loses no other delivery', async () => {
    const logs = captureLogs()
    const gone = await world.open()
    for (const number of [1, 2, 3]) await gone.put(spooledEvent(number), 'away')
    await gone.stop()
    const [file = ''] = await world.files()
    await damage(file)
    const next = await world.open()
    await until(() => next.state().adoptedFolders === 1)
    expect(await drainInto(next)).toEqual([1, 3].map((number) => spooledEvent(number).id))
    expect(logs.text()).toContain('deliveries may be in what was set aside')
  })
})

/** Changes a byte of the second record. */
async function damage(file: string): Promise<void> {
  const [, key = ''] = /-([0-9a-f]{32})\.spool$/.exec(file) ?? []
  const { bytes, records } = await readSegment({ path: file, key })
  const place = (records[1]?.offset ?? 0) + 60
  bytes[place] = (bytes[place] ?? 0) ^ 1
  await chmod(file, 0o600)
  await writeFile(file, bytes)
}

/** Drains a spool as the api does, into a list. */
async function drainInto(spool: Spool): Promise<string[]> {
  const stored: string[] = []
  const drain = spoolDrain({
    spool,
    databaseTime: () => new Date(),
    store: async (events) => {
      stored.push(...events.map(({ id }) => id))
    },
  })
  await drain.start()
  await until(() => spool.state().records === 0)
  await drain.stop()
  return stored
}

async function isTaken(put: Promise<void>): Promise<boolean> {
  return put.then(
    () => true,
    () => false,
  )
}

async function fsyncs(): Promise<number> {
  const text = await metricsRegistry.getSingleMetricAsString('tds_spool_fsync_seconds')
  return Number(/^tds_spool_fsync_seconds_count (\d+)$/m.exec(text)?.[1] ?? 0)
}

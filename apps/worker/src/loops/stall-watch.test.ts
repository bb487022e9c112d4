import { once } from 'node:events'
import { createServer } from 'node:net'
import { createTestDatabase, type TestDatabase } from '@tds/db/testing'
import { captureLogs } from '@tds/runtime/testing'
import { stallWatch, type StallWatch } from './stall-watch.ts'

describe('stallWatch', () => {
  let database: TestDatabase
  let watch: StallWatch
  const running: StallWatch[] = []

  beforeAll(async () => {
    captureLogs()
    database = await createTestDatabase({ poolSize: 1 })
  })

  afterEach(async () => {
    for (const one of running.splice(0)) await one.stop()
  })

  afterAll(async () => {
    await database.drop()
  })

  /** Watches at short intervals; resolves after so many looks, or at the first stall. */
  async function look(o: { url: string; stalledSeconds: () => number; looks: number }): Promise<string[]> {
    const told: string[] = []
    let looks = 0
    const enough = Promise.withResolvers<undefined>()
    watch = stallWatch({
      queue: {
        stalledSeconds: () => {
          looks += 1
          if (looks > o.looks) enough.resolve(undefined)
          return o.stalledSeconds()
        },
      },
      db: { directUrl: o.url },
      everyMs: 10,
      limitSeconds: 0.05,
      onStall: (error) => {
        told.push(error.code)
        enough.resolve(undefined)
      },
    })
    running.push(watch)
    await watch.start()
    await enough.promise
    return told
  }

  it('tells of polling that gets nowhere although Postgres answers', async () => {
    expect(await look({ url: database.url, stalledSeconds: () => 61, looks: 50 })).toEqual([
      'polling_stalled',
    ])
    expect(watch.isProgressing()).toBe(false)
  })

  it('says nothing while Postgres is away: a new process would do no better', async () => {
    const refusing = createServer((socket) => socket.destroy())
    refusing.listen(0, '127.0.0.1')
    await once(refusing, 'listening')
    const address = refusing.address()
    const port = typeof address === 'object' ? address?.port : 0
    const url = `postgresql://nobody@127.0.0.1:${String(port)}/nothing`
    expect(await look({ url, stalledSeconds: () => 61, looks: 12 })).toEqual([])
    expect(watch.isProgressing()).toBe(true)
    refusing.close()
  })

  it('begins anew when polling gets on in between, as after an outage', async () => {
    let looks = 0
    const stalledSeconds = () => ((looks += 1) % 4 === 0 ? 0 : 61)
    expect(await look({ url: database.url, stalledSeconds, looks: 20 })).toEqual([])
  })

  it('does not count the time in which the process was frozen', async () => {
    let looks = 0
    const stalledSeconds = () => ((looks += 1) === 1 ? 90 : 0)
    expect(await look({ url: database.url, stalledSeconds, looks: 10 })).toEqual([])
  })
})

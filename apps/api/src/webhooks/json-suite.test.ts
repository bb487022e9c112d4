import { startApiWorld, type ApiWorld } from '../testing/api-world.ts'
import { mostBlockedMs, watchEventLoop } from '../testing/event-loop-watch.ts'
import { jsonSuite, type SuiteFile } from '../testing/json-suite/json-suite.ts'

const suite = jsonSuite()

let world: ApiWorld

beforeAll(async () => {
  world = await startApiWorld()
})
beforeEach(async () => {
  await world.clear()
})
afterAll(async () => {
  await world.stop()
})

describe('B-26 the files of the JSON suite', () => {
  it('are all there', () => {
    const count = (kind: string): number => suite.filter((file) => file.kind === kind).length
    expect({ y: count('y'), n: count('n'), i: count('i') }).toEqual({ y: 95, n: 188, i: 35 })
  })

  it('print', async () => {
    for (const file of suite.filter(({ kind }) => kind === 'y' || kind === 'n' || kind === 'i')) console.log(file.name, JSON.stringify(await outcomes(file)))
  }, 60_000)
})
let n = 0
async function outcomes(file: SuiteFile) {
  const watch = watchEventLoop()
  const alone = await world.deliver('/webhooks/products', file.bytes)
  const inside = await world.deliver('/webhooks/products', Buffer.concat([Buffer.from(`{"item":{"item_id":"${String(++n)}","last_modified_time":"2026-07-21T16:03:55Z","value":`), file.bytes, Buffer.from('}}')]))
  const f = async (id: unknown) => (await world.db.query('SELECT flags FROM tds_inbox_events WHERE id = $1', [id])).rows[0]
  return [alone.status, alone.body['reason'] ?? alone.body['status'], (await f(alone.body['eventId'])), inside.status, inside.body['reason'] ?? inside.body['status'], await f(inside.body['eventId'])]
}

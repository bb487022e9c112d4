import { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { readBody } from './read-body.ts'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

describe('readBody', () => {
  it('holds little more than the bytes of a body that comes a byte at a time', async () => {
    const request = new IncomingMessage(new Socket())
    const reading = readBody(request, 1_048_576)
    const before = memoryHeld()
    for (let at = 0; at < 300_000; at += 1) request.emit('data', Buffer.from(String(at % 10)))
    await expectWithin(() => memoryHeld() - before, 5 * 1024 ** 2)
    request.emit('end')
    const body = await reading
    expect(body.kind === 'read' && body.rawBody.equals(Buffer.from('0123456789'.repeat(30_000)))).toBe(true)
  })
})

/** Bytes whose owner is gone are given back by another thread, a while after the collection that found them. */
async function expectWithin(measure: () => number, most: number): Promise<void> {
  for (let looks = 0; looks < 100 && measure() >= most; looks += 1) await setImmediate()
  expect(measure()).toBeLessThan(most)
}

function memoryHeld(): number {
  collectGarbage()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

import { currentLogContext, withLogContext } from './log-context.ts'
import { childLogger, configureLogging, flushLogging, setLogLevel } from './logger.ts'
import { captureLogs } from './testing/capture-logs.ts'

describe('childLogger', () => {
  it('can be used before logging is configured: what was held comes out then', () => {
    const early: string[] = []
    childLogger('early:bird').info('from module level')
    configureLogging({ daemon: 'api', level: 'info', format: 'json', write: (line) => early.push(line) })
    expect(early.map((line) => JSON.parse(line) as unknown)).toMatchObject([
      { daemon: 'api', logger: 'early:bird', message: 'from module level' },
    ])
  })

  it('writes the levels that are asked for, and obeys a change at once', () => {
    const logs = captureLogs({ level: 'warn' })
    const log = childLogger('x')
    log.debug('1')
    log.info('2')
    log.warn('3')
    log.error('4')
    setLogLevel('debug')
    log.debug('5')
    expect(logs.records().map((record) => record['message'])).toEqual(['3', '4', '5'])
  })
})

describe('withLogContext', () => {
  it('marks every line written inside, also after awaits, and none outside', async () => {
    const logs = captureLogs()
    const log = childLogger('x')
    await withLogContext({ requestId: 'r-1' }, async () => {
      log.info('in the request')
      await Promise.resolve()
      await withLogContext({ eventId: 'e-1' }, async () => {
        await Promise.resolve()
        log.info('in the event')
      })
      log.info('in the request again')
    })
    log.info('outside')
    const ids = logs.records().map(({ requestId, eventId }) => [requestId, eventId])
    expect(ids).toEqual([
      ['r-1', undefined],
      ['r-1', 'e-1'],
      ['r-1', undefined],
      [undefined, undefined],
    ])
    expect(currentLogContext()).toEqual({})
  })

  it('keeps concurrent work apart', async () => {
    const seen = await Promise.all(
      ['a', 'b', 'c'].map((requestId) =>
        withLogContext({ requestId }, async () => {
          await new Promise((resolve) => setImmediate(resolve))
          return currentLogContext().requestId
        }),
      ),
    )
    expect(seen).toEqual(['a', 'b', 'c'])
  })
})

describe('writing to standard output', () => {
  it('has written every line when flushLogging resolves, and goes on afterwards', async () => {
    using stdout = replaceStdout((done) => setImmediate(done))
    configureLogging({ daemon: 'worker', level: 'info', format: 'json' })
    const log = childLogger('x')
    for (let line = 0; line < 100; line += 1) log.info(`line ${line}`)
    await flushLogging()
    expect(stdout.taken).toHaveLength(100)
    expect(stdout.taken.every((text) => text.endsWith('}\n'))).toBe(true)
    log.info('after the flush')
    await flushLogging()
    expect(stdout.taken).toHaveLength(101)
  })

  it('does not wait for ever for a reader that takes nothing', async () => {
    using stdout = replaceStdout(() => undefined)
    configureLogging({ daemon: 'worker', level: 'info', format: 'json' })
    childLogger('x').info('nobody reads this')
    await expect(flushLogging({ timeoutMs: 10 })).resolves.toBeUndefined()
    expect(stdout.taken).toHaveLength(1)
  })
})

/** Puts a reader in the place of standard output that says itself when it has taken a line. */
function replaceStdout(confirm: (done: () => void) => void): Disposable & { taken: string[] } {
  const original = process.stdout.write.bind(process.stdout)
  const taken: string[] = []
  process.stdout.write = ((chunk: Buffer, done: () => void) => {
    taken.push(chunk.toString())
    confirm(done)
    return true
  }) as typeof process.stdout.write
  return {
    taken,
    [Symbol.dispose]: () => {
      process.stdout.write = original
    },
  }
}

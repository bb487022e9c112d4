import type { ProcessEnd } from '../processes/supervised-process.ts'
import { reviveDaemons } from './revive.ts'

describe('reviveDaemons', () => {
  it('starts a daemon again each time that it ends, and says so', async () => {
    const worker = daemon('worker')
    const leaving = new AbortController()
    const said: string[] = []
    const reviving = reviveDaemons({ daemons: [worker], screen: screen(said), signal: leaving.signal })
    worker.end({ code: null, signal: 'SIGKILL' })
    await worker.back()
    worker.end({ code: 70, signal: null })
    await worker.back()
    leaving.abort()
    await reviving
    expect(said).toEqual([
      'The worker has ended (SIGKILL). It is started again, as systemd would.',
      'The worker is back.',
      'The worker has ended (exit code 70). It is started again, as systemd would.',
      'The worker is back.',
    ])
  })

  it('lets a daemon end that ends because the demo does', async () => {
    const api = daemon('api')
    const leaving = new AbortController()
    const said: string[] = []
    const reviving = reviveDaemons({ daemons: [api], screen: screen(said), signal: leaving.signal })
    leaving.abort()
    api.end({ code: 0, signal: null })
    await reviving
    expect([said, api.starts()]).toEqual([[], 0])
  })

  it('gives up on a daemon that does not come back', async () => {
    const worker = daemon('worker', new Error('worker ended with exit code 78'))
    const reviving = reviveDaemons({
      daemons: [worker],
      screen: screen([]),
      signal: new AbortController().signal,
    })
    worker.end({ code: 78, signal: null })
    await expect(reviving).rejects.toThrow('exit code 78')
  })
})

function screen(said: string[]) {
  return { detail: (...lines: readonly string[]) => void said.push(...lines) }
}

/** A daemon that ends when told to, and is ready, or fails, as soon as it is started again. */
function daemon(name: string, failure?: Error) {
  let ended = Promise.withResolvers<ProcessEnd>()
  let back = Promise.withResolvers<null>()
  let starts = 0
  return {
    name,
    whenEnded: async () => ended.promise,
    startAgain: () => {
      ended = Promise.withResolvers()
      starts += 1
      return Promise.resolve()
    },
    untilReady: () => {
      back.resolve(null)
      back = Promise.withResolvers()
      return failure === undefined ? Promise.resolve() : Promise.reject(failure)
    },
    end: (how: ProcessEnd) => {
      ended.resolve(how)
    },
    back: async () => back.promise,
    starts: () => starts,
  }
}

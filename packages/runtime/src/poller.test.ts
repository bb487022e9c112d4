import { poller, type PollerOptions } from './poller.ts'
import { captureLogs } from './testing/capture-logs.ts'
import { manualClock } from './testing/manual-clock.ts'
import { describeService } from './testing/service-contract.ts'

type Pass = PollerOptions['runOnce']

function setup(runOnce: Pass, options: Partial<PollerOptions> = {}) {
  const clock = manualClock()
  const passes: number[] = []
  const subject = poller({
    name: 'subject',
    everyMs: 1000,
    jitter: 0,
    random: () => 0.999_999,
    clock,
    runOnce: (signal) => {
      passes.push(clock.monotonicMs())
      return runOnce(signal)
    },
    ...options,
  })
  return { clock, passes, subject, logs: captureLogs() }
}

const nothing: Pass = () => Promise.resolve({ done: 0 })

function gate() {
  const { promise, resolve } = Promise.withResolvers<undefined>()
  return {
    opened: promise,
    open: () => {
      resolve(undefined)
    },
  }
}

describeService('poller', () => ({ service: setup(nothing).subject }))
describeService('poller on the system clock', () => ({
  service: poller({ name: 'real', everyMs: 1, runOnce: nothing }),
}))

describe('poller', () => {
  it('makes a pass at once and then one each interval', async () => {
    const { clock, passes, subject } = setup(nothing)
    await subject.start()
    await clock.advance(3500)
    await subject.stop()
    expect(passes).toEqual([0, 1000, 2000, 3000])
  })

  it('lengthens each wait, the first too, by the jitter', async () => {
    const { clock, passes, subject } = setup(nothing, { jitter: 0.5, random: () => 0.5 })
    await subject.start()
    await clock.advance(3000)
    await subject.stop()
    expect(passes).toEqual([250, 1500, 2750])
  })

  it('counts the interval from the end of a pass, so that passes never overlap', async () => {
    let running = 0
    let most = 0
    const { clock, passes, subject } = setup(async () => {
      running += 1
      most = Math.max(most, running)
      await clock.sleep(1500)
      running -= 1
      return {}
    })
    await subject.start()
    for (let second = 0; second < 6; second += 1) {
      subject.wake()
      await clock.advance(1000)
    }
    const stopped = subject.stop()
    await clock.advance(2000)
    await stopped
    expect(most).toBe(1)
    expect(passes.length).toBeGreaterThan(2)
  })

  it('makes a pass at once when woken, and asks for the interval each time', async () => {
    let everyMs = 1000
    const { clock, passes, subject } = setup(nothing, { everyMs: () => everyMs })
    await subject.start()
    await clock.advance(400)
    everyMs = 5000
    subject.wake()
    await clock.advance(4000)
    await subject.stop()
    expect(passes).toEqual([0, 400])
  })

  it('makes one more pass when woken during a pass, however often', async () => {
    const first = gate()
    const { clock, passes, subject } = setup(async () => {
      if (passes.length === 1) await first.opened
      return {}
    })
    await subject.start()
    await clock.advance(0)
    subject.wake()
    subject.wake()
    first.open()
    await clock.advance(500)
    await subject.stop()
    expect(passes).toEqual([0, 0])
  })

  it('goes on at once while a pass says that there is more', async () => {
    const { clock, passes, subject } = setup(() => Promise.resolve({ more: passes.length < 4 ? 1 : 0 }))
    await subject.start()
    await clock.advance(100)
    await subject.stop()
    expect(passes).toEqual([0, 0, 0, 0])
  })

  it('can be stopped although every pass says that there is more', async () => {
    const subject = poller({ name: 'greedy', everyMs: 1000, runOnce: () => Promise.resolve({ more: 1 }) })
    await subject.start()
    await expect(subject.stop()).resolves.toBeUndefined()
  })

  it('waits on stop for the pass in flight and tells it so', async () => {
    const told: boolean[] = []
    const work = gate()
    const { clock, subject } = setup(async (signal) => {
      await work.opened
      told.push(signal.aborted)
      return {}
    })
    await subject.start()
    await clock.advance(0)
    let hasStopped = false
    const stopped = subject.stop().then(() => (hasStopped = true))
    await clock.advance(10_000)
    expect(hasStopped).toBe(false)
    work.open()
    await stopped
    expect(told).toEqual([true])
  })

  it('makes no pass after stop', async () => {
    const { clock, passes, subject } = setup(nothing)
    await subject.start()
    await clock.advance(0)
    await subject.stop()
    subject.wake()
    await clock.advance(5000)
    expect(passes).toEqual([0])
  })

  it('logs an error and backs off further with each failure, up to the highest wait', async () => {
    const { clock, passes, subject, logs } = setup(() => Promise.reject(new Error('database away')), {
      maxBackoffMs: 4000,
    })
    await subject.start()
    await clock.advance(15_000)
    await subject.stop()
    const waits = passes.slice(1).map((at, index) => at - (passes[index] ?? 0))
    expect(waits).toEqual([999, 1999, 3999, 3999, 3999])
    expect(logs.records()[0]).toMatchObject({
      level: 'error',
      message: 'pass failed',
      facts: { poller: 'subject', failures: 1 },
      error: { message: 'database away' },
    })
  })

  it('never comes back sooner than half of the interval after a failure', async () => {
    const { clock, passes, subject } = setup(() => Promise.reject(new Error('no')), { random: () => 0 })
    await subject.start()
    await clock.advance(1100)
    await subject.stop()
    expect(passes).toEqual([0, 500, 1000])
  })

  it('is not hurried by waking while it backs off', async () => {
    const { clock, passes, subject } = setup(() => Promise.reject(new Error('no')))
    await subject.start()
    for (let turn = 0; turn < 9; turn += 1) {
      await clock.advance(100)
      subject.wake()
    }
    await subject.stop()
    expect(passes).toEqual([0])
  })

  it('survives a pass that throws before it returns a promise', async () => {
    const { clock, passes, subject } = setup(() => {
      throw new TypeError('bug')
    })
    await subject.start()
    await clock.advance(1000)
    await subject.stop()
    expect(passes).toEqual([0, 999])
  })

  it('returns to its interval after a success, and says so', async () => {
    const { clock, passes, subject, logs } = setup(() =>
      passes.length < 3 ? Promise.reject(new Error('no')) : Promise.resolve({}),
    )
    await subject.start()
    await clock.advance(5500)
    await subject.stop()
    expect(passes).toEqual([0, 999, 2998, 3998, 4998])
    expect(logs.text()).toContain('a loop works again')
  })

  it('knows when it last succeeded', async () => {
    let works = true
    const { clock, subject } = setup(() => (works ? Promise.resolve({}) : Promise.reject(new Error('no'))))
    expect(subject.lastSuccessAt()).toBeNull()
    await subject.start()
    await clock.advance(500)
    works = false
    await clock.advance(5000)
    await subject.stop()
    expect(subject.lastSuccessAt()?.toISOString()).toBe('2026-01-01T12:00:00.000Z')
  })

  it('does not call a pass failed that was interrupted by stop', async () => {
    const { clock, subject, logs } = setup(async (signal) => {
      await clock.sleep(60_000, signal)
      signal.throwIfAborted()
      return {}
    })
    await subject.start()
    await clock.advance(10)
    await subject.stop()
    expect(logs.records().map((record) => record['level'])).not.toContain('error')
  })

  it('refuses an interval that is none', () => {
    expect(() => poller({ name: 'bad', everyMs: Number.NaN, runOnce: nothing })).toThrow(
      expect.objectContaining({ code: 'poller_interval' }),
    )
  })

  it('takes a minute when the function for the interval fails', async () => {
    const { clock, passes, subject, logs } = setup(nothing, {
      everyMs: () => {
        throw new Error('setting unreadable')
      },
    })
    await subject.start()
    await clock.advance(61_000)
    await subject.stop()
    expect(passes).toEqual([0, 60_000])
    expect(logs.text()).toContain('setting unreadable')
  })
})

import { systemClock } from './clock.ts'
import { manualClock } from './testing/manual-clock.ts'

describe('systemClock', () => {
  it('sleeps at least as long as asked', async () => {
    const before = systemClock.monotonicMs()
    await systemClock.sleep(20)
    // Timers count whole milliseconds of their own clock.
    expect(systemClock.monotonicMs() - before).toBeGreaterThanOrEqual(19)
  })

  it('wakes without an error when the signal aborts', async () => {
    const abort = new AbortController()
    const asleep = systemClock.sleep(3_600_000, abort.signal)
    abort.abort()
    await expect(asleep).resolves.toBeUndefined()
  })

  it('does not sleep at all on a signal that has aborted', async () => {
    await expect(systemClock.sleep(3_600_000, AbortSignal.abort())).resolves.toBeUndefined()
  })

  it('sleeps longer than one timer can hold', async () => {
    const abort = new AbortController()
    let awake = false
    const asleep = systemClock.sleep(2 ** 33, abort.signal).then(() => (awake = true))
    await systemClock.sleep(5)
    expect(awake).toBe(false)
    abort.abort()
    await asleep
  })

  it('tells wall time', () => {
    expect(Math.abs(systemClock.now().getTime() - Date.now())).toBeLessThan(1000)
  })
})

describe('manualClock', () => {
  it('wakes sleepers in the order in which they are due', async () => {
    const clock = manualClock()
    const woken: string[] = []
    const slow = clock.sleep(200).then(() => woken.push('slow'))
    const quick = clock.sleep(100).then(() => woken.push(`quick at ${String(clock.monotonicMs())}`))
    await clock.advance(150)
    expect(woken).toEqual(['quick at 100'])
    await clock.advance(50)
    await Promise.all([slow, quick])
    expect(woken).toEqual(['quick at 100', 'slow'])
  })

  it('lets one sleeper sleep several times in one advance', async () => {
    const clock = manualClock()
    const times: number[] = []
    const loop = (async () => {
      for (let round = 0; round < 3; round += 1) {
        await clock.sleep(10)
        times.push(clock.monotonicMs())
      }
    })()
    await clock.advance(30)
    await loop
    expect(times).toEqual([10, 20, 30])
  })

  it('jumps in wall time without waking anybody', async () => {
    const clock = manualClock(new Date('2026-03-01T00:00:00Z'))
    const abort = new AbortController()
    const asleep = clock.sleep(1000, abort.signal)
    clock.jumpTo(new Date('2025-01-01T00:00:00Z'))
    expect(clock.now().toISOString()).toBe('2025-01-01T00:00:00.000Z')
    expect(clock.monotonicMs()).toBe(0)
    expect(clock.sleepers()).toEqual([1000])
    abort.abort()
    await asleep
    expect(clock.sleepers()).toEqual([])
  })
})

import { heartbeat, type HeartbeatOptions } from './heartbeat.ts'
import { captureLogs } from './testing/capture-logs.ts'
import { manualClock } from './testing/manual-clock.ts'
import { describeService } from './testing/service-contract.ts'

function setup(options: Partial<HeartbeatOptions> = {}) {
  const clock = manualClock()
  const history: string[] = []
  const note = (what: string) => () => {
    history.push(what)
    return Promise.resolve()
  }
  const subject = heartbeat({
    everyMs: 10_000,
    clock,
    beat: note('beat'),
    register: note('register'),
    deregister: note('deregister'),
    ...options,
  })
  return { clock, history, subject, logs: captureLogs() }
}

describeService('heartbeat', () => ({ service: setup().subject }))

describe('heartbeat', () => {
  it('registers at once', async () => {
    const { clock, history, subject } = setup()
    await subject.start()
    await clock.advance(0)
    expect(history).toEqual(['register'])
    await subject.stop()
  })

  it('registers, beats and says goodbye', async () => {
    const { clock, history, subject } = setup()
    await subject.start()
    await clock.advance(25_000)
    await subject.stop()
    expect(history).toEqual(['register', 'beat', 'beat', 'deregister'])
    expect(subject.lastSuccessAt()).not.toBeNull()
  })

  it('registers again after a restart', async () => {
    const { clock, history, subject } = setup()
    for (let round = 0; round < 2; round += 1) {
      await subject.start()
      await clock.advance(1500)
      await subject.stop()
    }
    expect(history).toEqual(['register', 'deregister', 'register', 'deregister'])
  })

  it('tries to register until it succeeds, and only then beats', async () => {
    let tries = 0
    const { clock, history, subject } = setup({
      register: () => {
        tries += 1
        return tries < 3 ? Promise.reject(new Error('not yet')) : Promise.resolve()
      },
    })
    await subject.start()
    await clock.advance(45_000)
    await subject.stop()
    expect(tries).toBe(3)
    expect(history).toContain('beat')
  })

  it('stops cleanly when the goodbye fails, and says so', async () => {
    const { clock, subject, logs } = setup({ deregister: () => Promise.reject(new Error('database away')) })
    await subject.start()
    await clock.advance(1500)
    await expect(subject.stop()).resolves.toBeUndefined()
    expect(logs.text()).toContain('database away')
  })

  it('does not say goodbye for somebody who was never known', async () => {
    const { clock, history, subject } = setup({ register: () => Promise.reject(new Error('no')) })
    await subject.start()
    await clock.advance(1500)
    await subject.stop()
    expect(history).toEqual([])
  })
})

import { setImmediate } from 'node:timers/promises'
import fc from 'fast-check'
import { service, type Service } from './service.ts'
import { describeService } from './testing/service-contract.ts'

function setup(o: { failStart?: boolean; failStop?: boolean } = {}) {
  const history: string[] = []
  const subject: Service = service({
    name: 'subject',
    start: async () => {
      history.push('starting')
      await setImmediate()
      if (o.failStart === true) throw new Error('cannot start')
      history.push('started')
    },
    stop: async () => {
      history.push('stopping')
      await setImmediate()
      history.push('stopped')
      if (o.failStop === true) throw new Error('cannot stop')
    },
  })
  return { subject, history }
}

describeService('service()', () => ({ service: setup().subject }))

describe('service()', () => {
  it('runs at most once and ends as the last call said, whatever was called when', async () => {
    const call = fc.record({
      verb: fc.constantFrom('start' as const, 'stop' as const),
      turns: fc.nat({ max: 3 }),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(call, { minLength: 1, maxLength: 12 }), async (calls) => {
        let alive = 0
        let most = 0
        const subject = service({
          name: 'counted',
          start: async () => {
            most = Math.max(most, (alive += 1))
            await setImmediate()
          },
          stop: async () => {
            await setImmediate()
            alive -= 1
          },
        })
        const outcomes: Promise<unknown>[] = []
        for (const { verb, turns } of calls) {
          outcomes.push(subject[verb]().catch((error: unknown) => error))
          for (let turn = 0; turn < turns; turn += 1) await setImmediate()
        }
        await Promise.all(outcomes)
        expect(most).toBeLessThanOrEqual(1)
        expect(alive).toBe(calls.at(-1)?.verb === 'start' ? 1 : 0)
      }),
    )
  })

  it('never runs start and stop beside each other', async () => {
    const { subject, history } = setup()
    const start = subject.start()
    const stop = subject.stop()
    await Promise.all([start.catch(() => undefined), stop])
    await subject.start()
    await Promise.all([subject.stop(), subject.stop()])
    expect(history.join(' ')).not.toMatch(/starting (?!started)|stopping (?!stopped)/)
  })

  it('starts once for two starts and stops once for two stops', async () => {
    const { subject, history } = setup()
    await Promise.all([subject.start(), subject.start()])
    await Promise.all([subject.stop(), subject.stop()])
    await subject.stop()
    expect(history).toEqual(['starting', 'started', 'stopping', 'stopped'])
  })

  it('does not call stop after a start that failed', async () => {
    const { subject, history } = setup({ failStart: true })
    await expect(subject.start()).rejects.toThrow('cannot start')
    await subject.stop()
    expect(history).toEqual(['starting'])
  })

  it('tries again on a start after a failed one', async () => {
    const { subject, history } = setup({ failStart: true })
    await expect(subject.start()).rejects.toThrow('cannot start')
    await expect(subject.start()).rejects.toThrow('cannot start')
    expect(history).toEqual(['starting', 'starting'])
  })

  it('is stopped even if its stop threw', async () => {
    const { subject } = setup({ failStop: true })
    await subject.start()
    await expect(subject.stop()).rejects.toThrow('cannot stop')
    await expect(subject.stop()).resolves.toBeUndefined()
  })

  it('tells a start that is under way that it has been stopped', async () => {
    const subject = service({
      name: 'endless',
      start: (signal) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => {
            reject(new Error('interrupted'))
          })
        }),
      stop: () => undefined,
    })
    const start = subject.start()
    const outcome = start.catch((error: unknown) => error)
    await setImmediate()
    await subject.stop()
    await expect(outcome).resolves.toMatchObject({ message: 'interrupted' })
  })

  it('refuses a start that waited for a stop and was itself stopped meanwhile', async () => {
    const { subject, history } = setup()
    await subject.start()
    const firstStop = subject.stop()
    const restart = subject.start().catch((error: unknown) => error)
    const secondStop = subject.stop()
    await Promise.all([firstStop, secondStop])
    await expect(restart).resolves.toMatchObject({ code: 'stopped' })
    expect(history).toEqual(['starting', 'started', 'stopping', 'stopped'])
  })

  it('can be stopped from inside its own start', async () => {
    const stops: Promise<void>[] = []
    const subject: Service = service({
      name: 'hasty',
      start: () => void stops.push(subject.stop()),
      stop: () => undefined,
    })
    await subject.start()
    await expect(Promise.all(stops)).resolves.toHaveLength(1)
  })
})

import { setImmediate } from 'node:timers/promises'
import { TdsError } from './errors.ts'
import { service } from './service.ts'
import { captureLogs } from './testing/capture-logs.ts'
import { manualClock } from './testing/manual-clock.ts'
import { describeService } from './testing/service-contract.ts'
import { untilReady, type UntilReadyOptions } from './until-ready.ts'

const away = new TdsError('connection refused', { code: 'away', disposition: 'retry', nextStep: 'Wait.' })
const wrongSchema = new TdsError('the schema is older', {
  code: 'schema_older',
  disposition: 'reject',
  nextStep: 'Migrate.',
})

function setup(options: Partial<UntilReadyOptions> = {}) {
  const clock = manualClock()
  const history: string[] = []
  const failures: unknown[] = []
  const gate = untilReady({
    name: 'database',
    attempt: () => Promise.resolve(),
    isTransient: (error) => error instanceof TdsError && error.disposition === 'retry',
    service: service({
      name: 'work',
      start: () => void history.push('start'),
      stop: () => void history.push('stop'),
    }),
    onFailure: (error) => failures.push(error),
    clock,
    ...options,
  })
  return { clock, history, failures, gate, logs: captureLogs() }
}

/** Throws the errors given, one a try, and succeeds afterwards. */
function attempts(...errors: Error[]): () => Promise<void> {
  return () => {
    const error = errors.shift()
    return error === undefined ? Promise.resolve() : Promise.reject(error)
  }
}

describeService('untilReady', () => ({ service: setup().gate }))
describeService('untilReady while waiting', () => ({
  service: setup({ attempt: () => Promise.reject(away) }).gate,
}))

describe('untilReady', () => {
  it('runs the service when start returns, if what it needs is there', async () => {
    const { gate, history } = setup()
    expect(gate.readiness()).toEqual({ ready: false, detail: 'not started' })
    await gate.start()
    expect(history).toEqual(['start'])
    expect(gate.readiness()).toMatchObject({ ready: true })
    await gate.stop()
    expect(history).toEqual(['start', 'stop'])
    expect(gate.readiness()).toEqual({ ready: false, detail: 'stopping' })
  })

  it('returns from start while it waits, and starts the service when it is time', async () => {
    const { gate, history, clock, failures } = setup({ attempt: attempts(away, away, away) })
    await gate.start()
    expect(history).toEqual([])
    expect(gate.readiness()).toEqual({ ready: false, detail: 'waiting for the database: connection refused' })
    await clock.advance(20_000)
    expect(history).toEqual(['start'])
    expect(gate.readiness()).toMatchObject({ ready: true })
    expect(failures).toEqual([])
    await gate.stop()
  })

  it('throws from start what no waiting cures', async () => {
    const { gate, history, failures } = setup({ attempt: attempts(wrongSchema) })
    await expect(gate.start()).rejects.toBe(wrongSchema)
    expect(history).toEqual([])
    expect(failures).toEqual([])
  })

  it('reports what no waiting cures when it shows later', async () => {
    const { gate, history, failures, clock } = setup({ attempt: attempts(away, wrongSchema) })
    await gate.start()
    await clock.advance(20_000)
    expect(failures).toEqual([wrongSchema])
    expect(history).toEqual([])
    expect(gate.readiness()).toEqual({ ready: false, detail: 'given up: the schema is older' })
    await gate.stop()
  })

  it('waits again when the service itself finds it gone while starting', async () => {
    let starts = 0
    const { gate, clock } = setup({
      service: service({
        name: 'work',
        start: () => {
          starts += 1
          if (starts === 1) throw away
        },
        stop: () => undefined,
      }),
    })
    await gate.start()
    expect(gate.readiness().ready).toBe(false)
    await clock.advance(10_000)
    expect(starts).toBe(2)
    expect(gate.readiness().ready).toBe(true)
    await gate.stop()
  })

  it('never waits longer than its longest wait, and never hammers', async () => {
    const tries: number[] = []
    const { gate, clock } = setup({
      baseMs: 500,
      maxMs: 5000,
      attempt: () => {
        tries.push(clock.monotonicMs())
        return Promise.reject(away)
      },
    })
    await gate.start()
    await clock.advance(120_000)
    await gate.stop()
    const waits = tries.slice(1).map((at, index) => at - (tries[index] ?? 0))
    expect(Math.max(...waits)).toBeLessThanOrEqual(5000)
    expect(Math.min(...waits)).toBeGreaterThanOrEqual(250)
  })

  it('says that it waits once a minute, not once a try', async () => {
    const { gate, clock, logs } = setup({ attempt: () => Promise.reject(away) })
    await gate.start()
    await clock.advance(150_000)
    await gate.stop()
    const warnings = logs.records().filter((record) => record['level'] === 'warn')
    expect(warnings).toHaveLength(3)
  })

  it('stops waiting at once and starts nothing', async () => {
    const { gate, history, clock } = setup({ attempt: () => Promise.reject(away) })
    await gate.start()
    await gate.stop()
    await clock.advance(60_000)
    expect(history).toEqual([])
    expect(clock.sleepers()).toEqual([])
  })

  it('starts nothing when it is stopped during the first try', async () => {
    const { promise, resolve } = Promise.withResolvers<undefined>()
    const { gate, history } = setup({ attempt: () => promise })
    const outcome = gate.start().catch((error: unknown) => error)
    await setImmediate()
    const stopped = gate.stop()
    resolve(undefined)
    await stopped
    await expect(outcome).resolves.toMatchObject({ code: 'stopped' })
    expect(history).toEqual([])
  })

  it('interrupts a service that is still starting', async () => {
    const { gate } = setup({
      service: service({
        name: 'patient',
        start: (signal) =>
          new Promise((resolve) => {
            signal.addEventListener('abort', () => {
              resolve()
            })
          }),
        stop: () => undefined,
      }),
    })
    const started = gate.start()
    await setImmediate()
    await gate.stop()
    await expect(started).resolves.toBeUndefined()
    expect(gate.readiness()).toEqual({ ready: false, detail: 'stopping' })
  })
})

import { serviceGroup } from './service-group.ts'
import { service, type Service } from './service.ts'
import { captureLogs } from './testing/capture-logs.ts'
import { describeService } from './testing/service-contract.ts'

interface Behaviour {
  start?: (signal: AbortSignal) => Promise<void> | void
  stop?: () => Promise<void> | void
}

function setup() {
  const history: string[] = []
  const member = (name: string, { start, stop }: Behaviour = {}): Service =>
    service({
      name,
      start: async (signal) => {
        history.push(`start ${name}`)
        await start?.(signal)
      },
      stop: async () => {
        history.push(`stop ${name}`)
        await stop?.()
      },
    })
  return { history, member, logs: captureLogs() }
}

function fails(message: string): () => never {
  return () => {
    throw new Error(message)
  }
}

function never(): Promise<void> {
  return new Promise(() => undefined)
}

describeService('serviceGroup', () => {
  const { member } = setup()
  return { service: serviceGroup('group', [member('a'), member('b')]) }
})

describe('serviceGroup', () => {
  it('starts in the order given and stops in reverse', async () => {
    const { history, member } = setup()
    const group = serviceGroup('group', [member('a'), member('b'), member('c')])
    await group.start()
    await group.stop()
    expect(history).toEqual(['start a', 'start b', 'start c', 'stop c', 'stop b', 'stop a'])
  })

  it('stops what was started when one fails to start, and throws the failure', async () => {
    const { history, member } = setup()
    const group = serviceGroup('group', [member('a'), member('b', { start: fails('no port') }), member('c')])
    await expect(group.start()).rejects.toThrow('no port')
    expect(history).toEqual(['start a', 'start b', 'stop a'])
  })

  it('throws the failed start, and logs the failed stop that followed', async () => {
    const { member, logs } = setup()
    const group = serviceGroup('group', [
      member('a', { stop: fails('cannot close') }),
      member('b', { start: fails('no port') }),
    ])
    await expect(group.start()).rejects.toThrow('no port')
    expect(logs.text()).toContain('cannot close')
  })

  it('stops all and reports every failure by name', async () => {
    const { history, member } = setup()
    const group = serviceGroup('group', [
      member('a', { stop: fails('first') }),
      member('b'),
      member('c', { stop: fails('second') }),
    ])
    await group.start()
    await expect(group.stop()).rejects.toMatchObject({
      code: 'stop_failed',
      message: 'group did not stop cleanly: c: second; a: first',
      facts: { services: ['c', 'a'] },
    })
    expect(history.slice(3)).toEqual(['stop c', 'stop b', 'stop a'])
  })

  it('leaves one that hangs behind after the time allowed and still stops the others', async () => {
    const { history, member } = setup()
    const group = serviceGroup('group', [member('a'), member('hangs', { stop: never })], {
      stopTimeoutMs: 50,
    })
    await group.start()
    await expect(group.stop()).rejects.toThrow(/hangs: hangs did not stop within \d+ ms/)
    expect(history).toEqual(['start a', 'start hangs', 'stop hangs', 'stop a'])
  })

  it('gives every service some time even when the first has used it all', async () => {
    const { member } = setup()
    const group = serviceGroup('group', [member('a', { stop: never }), member('b', { stop: never })], {
      stopTimeoutMs: 60,
    })
    await group.start()
    const failure: unknown = await group.stop().catch((error: unknown) => error)
    expect(failure).toMatchObject({ facts: { services: ['b', 'a'] } })
    expect(String(failure)).toContain('a did not stop within 6 ms')
  })

  it('ends a start that waits when it is stopped, and starts nothing after it', async () => {
    const { history, member } = setup()
    const patient = member('patient', {
      start: (signal) =>
        new Promise((resolve) => {
          signal.addEventListener('abort', () => {
            resolve()
          })
        }),
    })
    const group = serviceGroup('group', [member('a'), patient, member('c')])
    const outcome = group.start().catch((error: unknown) => error)
    await untilIncludes(history, 'start patient')
    await group.stop()
    await expect(outcome).resolves.toMatchObject({ code: 'stopped' })
    expect(history).toEqual(['start a', 'start patient', 'stop patient', 'stop a'])
  })

  it('does not wait for ever for a start that never ends', async () => {
    const { history, member } = setup()
    const group = serviceGroup('group', [member('a'), member('stuck', { start: never })], {
      stopTimeoutMs: 50,
    })
    const outcome = group.start().catch((error: unknown) => error)
    await untilIncludes(history, 'start stuck')
    await group.stop()
    await expect(outcome).resolves.toMatchObject({ code: 'stop_timeout' })
    expect(history).toEqual(['start a', 'start stuck', 'stop a'])
  })

  it('can hold other groups', async () => {
    const { history, member } = setup()
    const inner = serviceGroup('inner', [member('b'), member('c')])
    const outer = serviceGroup('outer', [member('a'), inner])
    await outer.start()
    await outer.stop()
    expect(history).toEqual(['start a', 'start b', 'start c', 'stop c', 'stop b', 'stop a'])
  })
})

async function untilIncludes(history: readonly string[], entry: string): Promise<void> {
  while (!history.includes(entry)) await new Promise((resolve) => setImmediate(resolve))
}

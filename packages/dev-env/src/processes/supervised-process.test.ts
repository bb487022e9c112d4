import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { isRunning, untilGone, waitUntil } from '../testing/index.ts'
import { makeRunDirectory, type RunDirectory } from './run-directory.ts'
import { startProcess, type SupervisedProcess } from './supervised-process.ts'

const HERE = fileURLToPath(new URL('.', import.meta.url))
const STUBBORN = `
  process.on('SIGTERM', () => console.log('asked to stop'))
  process.on('SIGINT', () => undefined)
  console.log('running')
  setInterval(() => undefined, 1000)`

describe('startProcess', () => {
  let run: RunDirectory
  const started: SupervisedProcess[] = []
  const logs = new Map<SupervisedProcess, string>()

  beforeAll(async () => {
    run = await makeRunDirectory('test')
  })

  afterAll(async () => {
    await Promise.all(started.map((one) => one.stop()))
    await run.remove()
  })

  it('tells the id of the process itself and appends what it prints to its log', async () => {
    const one = await start('printer', 'console.log(process.pid); console.error("trouble")')
    await one.whenEnded
    expect(await log(one)).toBe(`${String(one.pid)}\ntrouble\n`)
  })

  it.each([
    ['an exit code', 'process.exit(78)', { code: 78, signal: null }],
    ['success', '', { code: 0, signal: null }],
    ['a signal', 'process.kill(process.pid, "SIGKILL")', { code: null, signal: 'SIGKILL' }],
  ])('tells %s as the process ended', async (_what, script, expected) => {
    const one = await start('ender', script)
    expect(await one.whenEnded).toEqual(expected)
    expect(one.ended()).toEqual(expected)
  })

  it('hands over the given environment and nothing of ours', async () => {
    const one = await start('environment', 'console.log(JSON.stringify(process.env))', { ONLY: 'this' })
    await one.whenEnded
    // A shell adds where it is; nothing else may appear.
    const {
      PWD: _where,
      SHLVL: _depth,
      _: _program,
      ...told
    } = JSON.parse(await log(one)) as Record<string, string>
    expect(told).toEqual({ ONLY: 'this' })
  })

  it('stops a process that listens without force', async () => {
    const one = await start('willing', 'console.log("running"); setInterval(() => undefined, 1000)')
    await says(one, 'running')
    expect(await one.stop()).toEqual({ code: null, signal: 'SIGTERM', forced: false })
  })

  it('kills a process that does not stop in time', async () => {
    const one = await start('stubborn', STUBBORN)
    await says(one, 'running')
    expect(await one.stop()).toEqual({ code: null, signal: 'SIGKILL', forced: true })
    expect(await log(one)).toContain('asked to stop')
    expect(isRunning(one.pid)).toBe(false)
  })

  it('answers the same when it is stopped twice', async () => {
    const one = await start('twice', 'setInterval(() => undefined, 1000)')
    const [first, second] = await Promise.all([one.stop(), one.stop()])
    expect(second).toEqual(first)
    one.kill('SIGKILL')
  })

  it('refuses a program whose folder is not there', async () => {
    await expect(
      startProcess({
        name: 'lost',
        command: ['/bin/true'],
        env: {},
        cwd: '/not/there',
        log: join(run.logs, 'lost.log'),
      }),
    ).rejects.toMatchObject({ code: 'process_start' })
  })

  it.each(['SIGKILL', 'SIGTERM', 'SIGINT'] as const)(
    'leaves no process behind when its own process ends by %s',
    async (signal) => {
      const owner = await start(`owner-${signal}`, ownerScript(signal))
      await says(owner, 'children ')
      const children = (/children (.*)/.exec(await log(owner))?.[1] ?? '').split(' ').map(Number)
      expect(children).toHaveLength(2)
      expect(children.every(isRunning)).toBe(true)
      owner.kill(signal)
      await owner.whenEnded
      await Promise.all(children.map((pid) => untilGone(pid, 15_000)))
      expect(children.some(isRunning)).toBe(false)
    },
    30_000,
  )

  async function start(
    name: string,
    script: string,
    env: Record<string, string> = {},
  ): Promise<SupervisedProcess> {
    const command = [
      process.execPath,
      '--conditions=tds-source',
      '--input-type=module',
      '-e',
      script,
    ] as const
    const log = join(run.logs, `${name}-${String(started.length)}.log`)
    const one = await startProcess({ name, command: [...command], env, cwd: HERE, log, graceMs: 300 })
    started.push(one)
    logs.set(one, log)
    return one
  }

  /** A process that starts two others through the same door: one that ends when asked, one that must be killed. */
  function ownerScript(name: string): string {
    const child = (script: string) => `{
      name: 'child', command: [process.execPath, '-e', ${JSON.stringify(script)}], env: {}, cwd: '/', graceMs: 500,
      log: ${JSON.stringify(join(run.logs, `child-of-${name}.log`))} }`
    return `
      const { startProcess } = await import(${JSON.stringify(new URL('./supervised-process.ts', import.meta.url).href)})
      const willing = await startProcess(${child('setInterval(() => undefined, 1000)')})
      const stubborn = await startProcess(${child(STUBBORN)})
      console.log('children ' + willing.pid + ' ' + stubborn.pid)`
  }

  async function says(one: SupervisedProcess, text: string): Promise<void> {
    await waitUntil(async () => (await log(one)).includes(text), { what: `${one.name} says "${text}"` })
  }

  async function log(one: SupervisedProcess): Promise<string> {
    return readFile(logs.get(one) ?? '', 'utf8')
  }
})

import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

const fixture = fileURLToPath(new URL('./testing/fixtures/daemon.ts', import.meta.url))

interface Daemon {
  process: ChildProcess
  /** What it has written so far. */
  stdout: () => string
  stderr: () => string
  /** Resolves once a text stands in its log. */
  hasLogged: (text: string) => Promise<void>
  /** Resolves with how it ended. */
  ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>
}

const running: ChildProcess[] = []
afterEach(() => {
  for (const child of running.splice(0)) child.kill('SIGKILL')
})

function start(behaviour: string, env: Record<string, string> = {}): Daemon {
  const { NODE_OPTIONS: _options, ...inherited } = process.env
  const child = spawn(process.execPath, ['--conditions=tds-source', fixture, behaviour], {
    env: { ...inherited, LOG_LEVEL: 'info', LOG_FORMAT: 'json', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  running.push(child)
  let out = ''
  let err = ''
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()))
  const ended = once(child, 'close').then(([code, signal]: unknown[]) => ({
    code: code as number | null,
    signal: signal as NodeJS.Signals | null,
  }))
  const hasLogged = async (text: string): Promise<void> => {
    while (!out.includes(text)) await once(child.stdout, 'data')
  }
  return { process: child, stdout: () => out, stderr: () => err, hasLogged, ended }
}

function records(daemon: Daemon): Record<string, unknown>[] {
  return daemon
    .stdout()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
}

function messages(daemon: Daemon): unknown[] {
  return records(daemon).map((record) => record['message'])
}

describe('run on signals', () => {
  it.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)('stops in order and exits 0 on %s', async (signal) => {
    const daemon = start('serves')
    await daemon.hasLogged('"started"')
    daemon.process.kill(signal)
    await expect(daemon.ended).resolves.toEqual({ code: 0, signal: null })
    expect(messages(daemon)).toEqual(['started', 'stopping', 'closing', 'stopped'])
    expect(daemon.stderr()).toBe('')
  })

  it('exits 1 at once on a second signal', async () => {
    const daemon = start('never stops')
    await daemon.hasLogged('"started"')
    daemon.process.kill('SIGTERM')
    await daemon.hasLogged('"closing"')
    daemon.process.kill('SIGINT')
    await expect(daemon.ended).resolves.toEqual({ code: 1, signal: null })
    expect(messages(daemon)).not.toContain('the stop took too long')
  })

  it('exits 1 when the stop takes longer than the last resort', async () => {
    const daemon = start('never stops')
    await daemon.hasLogged('"started"')
    daemon.process.kill('SIGTERM')
    await expect(daemon.ended).resolves.toEqual({ code: 1, signal: null })
    expect(messages(daemon)).toContain('the stop took too long')
  })

  it('exits 1 when the stop fails, and says why', async () => {
    const daemon = start('fails to stop')
    await daemon.hasLogged('"started"')
    daemon.process.kill('SIGTERM')
    await expect(daemon.ended).resolves.toMatchObject({ code: 1 })
    expect(daemon.stdout()).toContain('cannot close')
  })

  it.each(['never starts', 'builds for ever'])('ends a daemon that %s', async (behaviour) => {
    const daemon = start(behaviour)
    await daemon.hasLogged('"waiting"')
    daemon.process.kill('SIGTERM')
    const { code } = await daemon.ended
    // What hangs in its start cannot be stopped in order: the last resort ends it.
    expect(code).toBe(behaviour === 'never starts' ? 1 : 0)
  })

  it('exits 1 when nothing is left to do, instead of ending as if all were well', async () => {
    const daemon = start('runs dry')
    await expect(daemon.ended).resolves.toEqual({ code: 1, signal: null })
    expect(messages(daemon)).toEqual(['started', 'nothing was left to do'])
  })

  it('loses no log line at the end', async () => {
    const daemon = start('talks a lot while it stops')
    await daemon.hasLogged('"started"')
    daemon.process.kill('SIGTERM')
    await daemon.ended
    const words = messages(daemon).filter((message) => String(message).startsWith('last words'))
    expect(words).toHaveLength(5000)
    expect(messages(daemon).at(-1)).toBe('stopped')
  })
})

describe('run on a start that fails', () => {
  it('prints every problem of the configuration plainly and exits 78', async () => {
    const daemon = start('reads its configuration', { API_PORT: 'x', ZOHO_CLIENT_SECRET: '' })
    await expect(daemon.ended).resolves.toEqual({ code: 78, signal: null })
    expect(daemon.stderr().split('\n')).toEqual([
      'fixture cannot run with this configuration:',
      '  API_PORT: got "x"; expected a port number from 0 to 65535',
      '  ZOHO_CLIENT_SECRET: not set; expected a secret',
      'Set the variables named to what they expect and start again.',
      '',
    ])
  })

  it('prints a wrong schema with its next step and exits 78', async () => {
    const daemon = start('refuses the schema')
    await expect(daemon.ended).resolves.toEqual({ code: 78, signal: null })
    expect(daemon.stderr()).toBe(
      'fixture refuses to run: the database is not as it must be (schema_older)\nRun pnpm db:deploy.\n',
    )
  })

  it('does the same when that shows only later, after an orderly stop', async () => {
    const daemon = start('refuses the schema later')
    await expect(daemon.ended).resolves.toEqual({ code: 78, signal: null })
    expect(daemon.stderr()).toContain('durability_off')
    expect(messages(daemon)).toContain('closing')
  })

  it('logs any other error with its next step, redacted, and exits 1', async () => {
    const daemon = start('fails to start')
    await expect(daemon.ended).resolves.toEqual({ code: 1, signal: null })
    expect(records(daemon)[0]).toMatchObject({
      level: 'error',
      daemon: 'fixture',
      error: { code: 'port_in_use', nextStep: 'Set API_PORT to another port.' },
    })
    expect(daemon.stdout()).not.toContain('canary')
  })

  it('exits 1 when it cannot even be built', async () => {
    const daemon = start('fails to build')
    await expect(daemon.ended).resolves.toMatchObject({ code: 1 })
    expect(daemon.stdout()).toContain('wiring')
  })

  it('logs in the format and level of the environment before the configuration is read', async () => {
    const daemon = start('fails to build', { LOG_FORMAT: 'pretty', LOG_LEVEL: 'error' })
    await daemon.ended
    expect(daemon.stdout()).toMatch(/^\d\d:\d\d:\d\d\.\d{3} error runtime:run {2}failed\n {4}Error: wiring\n/)
  })
})

describe('run on an error that nobody caught', () => {
  it.each([
    ['throws later', 'bug with postgres://[redacted]@db'],
    ['rejects later', 'forgotten promise'],
  ])('logs one redacted line, stops and exits 1 when it %s', async (behaviour, message) => {
    const daemon = start(behaviour)
    await expect(daemon.ended).resolves.toEqual({ code: 1, signal: null })
    const errors = records(daemon).filter((record) => record['level'] === 'error')
    expect(errors).toMatchObject([{ message: 'crashed: an error that nobody caught', error: { message } }])
    expect(messages(daemon)).toContain('closing')
    expect(daemon.stderr()).toBe('')
  })

  it('does not wait long for a stop that hangs', async () => {
    const daemon = start('throws later and never stops')
    await expect(daemon.ended).resolves.toMatchObject({ code: 1 })
    expect(messages(daemon)).toContain('the stop took too long')
  })

  it('turns a clean exit into 1 when it happens while stopping', async () => {
    const daemon = start('throws while it stops')
    await daemon.hasLogged('"started"')
    daemon.process.kill('SIGTERM')
    await expect(daemon.ended).resolves.toEqual({ code: 1, signal: null })
    expect(daemon.stdout()).toContain('late bug')
  })
})

describe('run when nobody reads its output any more', () => {
  it('goes on without a trace and still stops in order', async () => {
    const daemon = start('talks on')
    await daemon.hasLogged('still here')
    daemon.process.stdout?.destroy()
    const stillThere = await Promise.race([
      daemon.ended,
      new Promise((resolve) => setTimeout(resolve, 200, 'still there')),
    ])
    expect(stillThere).toBe('still there')
    daemon.process.kill('SIGTERM')
    await expect(once(daemon.process, 'exit')).resolves.toEqual([0, null])
    expect(daemon.stderr()).toBe('')
  })
})

describe('run under systemd', () => {
  let folder: string

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tds-systemd-'))
    // In place of systemd's own program, which a bare machine lacks: it writes down what it was to tell.
    await writeFile(
      join(folder, 'systemd-notify'),
      `#!/bin/sh\necho "$NOTIFY_SOCKET $*" >> ${folder}/told\n`,
      {
        mode: 0o755,
      },
    )
  })

  afterEach(async () => {
    await rm(folder, { recursive: true })
  })

  function startNotifying(behaviour: string, env: Record<string, string> = {}): Daemon {
    return start(behaviour, {
      PATH: `${folder}:${process.env['PATH'] ?? ''}`,
      NOTIFY_SOCKET: '/run/a-socket',
      WATCHDOG_USEC: '200000',
      ...env,
    })
  }

  async function told(): Promise<string[]> {
    return (await readFile(join(folder, 'told'), 'utf8').catch(() => '')).trimEnd().split('\n')
  }

  it('says that it is ready, that it gets on, and that it stops', async () => {
    const daemon = startNotifying('serves')
    while ((await told()).filter((line) => line.endsWith('WATCHDOG=1')).length < 2) await setImmediate()
    expect((await told())[0]).toBe('/run/a-socket READY=1')
    daemon.process.kill('SIGTERM')
    await daemon.ended
    while (!(await told()).includes('/run/a-socket STOPPING=1')) await setImmediate()
  })

  it('keeps silent towards the watchdog while there is no progress', async () => {
    const daemon = startNotifying('makes no progress')
    await daemon.hasLogged('no progress: the watchdog is not told')
    expect(await told()).toEqual(['/run/a-socket READY=1'])
  })

  it('tells nobody where nobody asked', async () => {
    const daemon = startNotifying('serves', { NOTIFY_SOCKET: '' })
    await daemon.hasLogged('"started"')
    daemon.process.kill('SIGTERM')
    await daemon.ended
    expect(await told()).toEqual([''])
  })

  it('runs on when systemd cannot be told, and says so once', async () => {
    const daemon = startNotifying('serves', { PATH: '/nowhere', WATCHDOG_USEC: '200000' })
    await daemon.hasLogged('systemd could not be told')
    daemon.process.kill('SIGTERM')
    await expect(daemon.ended).resolves.toEqual({ code: 0, signal: null })
    expect(messages(daemon).filter((message) => message === 'systemd could not be told')).toHaveLength(1)
  })
})

describe('run with a process that is stuck', () => {
  it('exits 75, after an orderly stop: a new process may do better', async () => {
    const daemon = start('is stuck')
    await expect(daemon.ended).resolves.toEqual({ code: 75, signal: null })
    expect(messages(daemon)).toContain('closing')
  })
})

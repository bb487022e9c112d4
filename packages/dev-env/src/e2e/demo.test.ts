import { readFile } from 'node:fs/promises'
import { createConnection } from 'node:net'
import { join } from 'node:path'

import { createTestDatabase, type TestDatabase } from '@tds/db/testing'

import { CHECKOUT } from '../processes/daemon.ts'
import { isRunning, type Program, startProgram, untilGone } from '../testing/index.ts'
import { listProcesses } from '../testing/process-list.ts'

// Each wait is for a signal and has a limit of its own; this one is for what hangs, on a slow and busy machine too.
const LIMIT_MS = 400_000

describe('the demo', () => {
  const programs: Program[] = []

  afterAll(() => {
    for (const program of programs) program.kill('SIGKILL')
  })

  it('explains itself and refuses what it does not know', async () => {
    const help = demo('--help')
    expect(await help.ended).toEqual({ code: 0, signal: null })
    expect(help.output()).toContain('--once')
    for (const args of [
      ['--unknown'],
      ['--size', 'huge'],
      ['surplus'],
      ['--sql', ' '],
      ['--once', '--sql', 'SELECT 1'],
    ]) {
      const wrong = demo(...args)
      expect([args, await wrong.ended]).toEqual([args, { code: 2, signal: null }])
      expect(wrong.output()).toMatch(/^demo: .+\n\nShows TDS Core at work/)
    }
  }, 180_000)

  it('says that there is none to ask when none runs', async () => {
    const asking = demo('--sql', 'SELECT 1')
    expect(await asking.ended).toEqual({ code: 1, signal: null })
    expect(asking.output()).toMatch(/no demo is running/)
  })

  describe('played to its end', () => {
    let database: TestDatabase
    let once: Program
    let damaged: Program
    let playing: Program

    // All three at once: most of their time they wait for the minute between two messages about an alert.
    beforeAll(async () => {
      database = await createTestDatabase()
      // Whatever is written, one column comes out wrong in one row.
      await database.db.query(
        `CREATE FUNCTION damage() RETURNS trigger LANGUAGE plpgsql AS $$
       BEGIN IF NEW.sku = 'PY-00008' THEN NEW.unit := 'damaged'; END IF; RETURN NEW; END $$`,
      )
      await database.db.query(
        'CREATE TRIGGER damage BEFORE INSERT OR UPDATE ON tds_products FOR EACH ROW EXECUTE FUNCTION damage()',
      )
      once = demo('--once', '--size', 'small')
      damaged = startProgram('demo.ts', ['--once', '--size', 'small'], { DATABASE_URL: database.url })
      programs.push(damaged)
      playing = demo('--size', 'small')
    })
    afterAll(() => database.drop())

    it(
      'with --once tells its story, finds every record equal and exits 0',
      async () => {
        await once.says('A storm:')
        await once.says('Comparing every record')
        const children = once.descendants()
        expect(await once.ended).toEqual({ code: 0, signal: null })
        const output = once.output()
        for (const told of [
          '202 accepted',
          '200 duplicate',
          'refused as stale',
          'tombstone',
          '401',
          'quarantined (not_json)',
          'The mirror is empty. The worker notices',
          'cannot do.',
          'A storm:',
          'the nightly comparison',
          'Verdict: the database holds exactly what Zoho holds.',
        ]) {
          expect(output).toContain(told)
        }
        expect(output.split('\n').filter((line) => line.length > 100)).toEqual([])
        expect(output).not.toMatch(/"level"|\n\s+at |Error:/)
        expect(children.length).toBeGreaterThan(3)
        expect(children.filter(isRunning)).toEqual([])
      },
      LIMIT_MS,
    )

    it('tells of a broken Zoho by the mails that came: one when it breaks, one when it is over', async () => {
      const output = once.output()
      const mails = [...output.matchAll(/mail: (.+)\n +(\S+\.eml)\n +says what to do: (\S+)/g)]
      expect(mails.map(([, subject]) => subject)).toEqual([
        '[demo] [CRITICAL] Firing: Zoho refuses our credentials',
        '[demo] [CRITICAL] Resolved: Zoho refuses our credentials',
      ])
      for (const [, subject = '', file = '', page = ''] of mails) {
        expect(await readFile(join(CHECKOUT, file), 'utf8')).toContain(`Subject: ${subject}`)
        expect(page).toMatch(/^http:.+\/docs\/operations\/alerts\/zoho_auth_failed\.md$/)
      }
    })

    it(
      'with --once names what differs and exits 1, and leaves no setting behind',
      async () => {
        expect(await damaged.ended).toEqual({ code: 1, signal: null })
        expect(damaged.output()).toMatch(/product \d+ \(PY-00008\) unit is "damaged", Zoho has /)
        expect(damaged.output()).toContain('Verdict: the database DIFFERS from Zoho.')
        const { rows } = await database.db.query(
          `SELECT config_key FROM tds_configuration WHERE config_key LIKE 'alert_rule.%'`,
        )
        expect(rows).toEqual([])
      },
      LIMIT_MS,
    )

    it(
      'keeps going until Ctrl-C, also when a daemon is killed, can be asked meanwhile, and leaves nothing behind',
      async () => {
        await playing.says('applied after')
        const asking = demo('--sql', 'SELECT count(*) AS items FROM tds_products')
        expect(await asking.ended).toEqual({ code: 0, signal: null })
        expect(asking.output()).toMatch(/^items\n-+\n\d\d/)
        killDaemon(playing, 'apps/worker/')
        await playing.says('The worker is back.')
        killDaemon(playing, 'apps/api/')
        await playing.says('The api is back.')
        const children = playing.descendants()
        const ports = portsOf(playing)
        expect(ports.length).toBeGreaterThanOrEqual(6)
        playing.kill('SIGINT')
        expect(await playing.ended).toEqual({ code: 0, signal: null })
        expect(playing.output()).toContain('Stopped. Nothing is left running.')
        expect(children.filter(isRunning)).toEqual([])
        expect(await listening(ports)).toEqual([])
      },
      LIMIT_MS,
    )
  })

  it(
    'leaves nothing behind when it is stopped or killed in the middle, beside another one',
    async () => {
      const [stopped, killed] = [demo('--size', 'small'), demo('--size', 'small')]
      await Promise.all([stopped.says('The mirror is empty'), killed.says('The mirror is empty')])
      const children = [...stopped.descendants(), ...killed.descendants()]
      const ports = [...portsOf(stopped), ...portsOf(killed)]
      expect(children.length).toBeGreaterThanOrEqual(20)
      stopped.kill('SIGTERM')
      killed.kill('SIGKILL')
      expect(await stopped.ended).toEqual({ code: 0, signal: null })
      expect(await killed.ended).toEqual({ code: null, signal: 'SIGKILL' })
      await Promise.all(children.map((pid) => untilGone(pid, 90_000)))
      expect(await listening(ports)).toEqual([])
    },
    LIMIT_MS,
  )

  function demo(...args: string[]): Program {
    const program = startProgram('demo.ts', args)
    programs.push(program)
    return program
  }
})

function killDaemon(program: Program, app: string): void {
  const own = new Set(program.descendants())
  const isIt = ({ pid, command }: { pid: number; command: string }) =>
    own.has(pid) && command.startsWith(process.execPath) && command.includes(app)
  const found = listProcesses().filter(isIt)
  expect(found).toHaveLength(1)
  for (const { pid } of found) process.kill(pid, 'SIGKILL')
}

/** The ports that the demo has printed. */
function portsOf(program: Program): number[] {
  const found = program.output().matchAll(/(?:127\.0\.0\.1:|on port )(\d+)/g)
  return [...new Set([...found].map(([, port]) => Number(port)))]
}

async function listening(ports: readonly number[]): Promise<number[]> {
  const answers = await Promise.all(
    ports.map(
      (port) =>
        new Promise<boolean>((answer) => {
          const socket = createConnection({ port, host: '127.0.0.1' })
          socket.on('connect', () => {
            socket.destroy()
            answer(true)
          })
          socket.on('error', () => {
            answer(false)
          })
        }),
    ),
  )
  return ports.filter((_, index) => answers[index])
}

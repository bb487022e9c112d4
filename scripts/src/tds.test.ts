import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { envelopeSchema } from './tds/output/envelope.ts'
import { createTdsWorld, type TdsWorld } from './testing/tds-world.ts'

const checkout = fileURLToPath(new URL('../../', import.meta.url))
const { packageManager } = JSON.parse(readFileSync(`${checkout}package.json`, 'utf8')) as {
  packageManager: string
}

describe('the command as people start it', () => {
  let world: TdsWorld

  beforeAll(async () => {
    world = await createTdsWorld()
    await world.quarantine('{}')
  })

  afterAll(async () => {
    await world.drop()
  })

  async function start(program: string, args: readonly string[]) {
    const child = spawn(program, [...args], {
      cwd: checkout,
      env: { ...process.env, ...world.env, NODE_OPTIONS: '' },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const [out, err] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
    return { exitCode: child.exitCode, out, err }
  }

  it('through the root script gives the envelope alone on standard output, and its own exit code', async () => {
    // pnpm itself tells its step on standard error; that is not ours.
    const run = await start('npx', ['-y', packageManager, '-s', 'tds', 'status', '--check', '--json'])
    expect(run.exitCode).toBe(8)
    expect(envelopeSchema.parse(JSON.parse(run.out))).toMatchObject({ command: 'status', exitCode: 8 })
  }, 60_000)

  it('through the filter, as people write it, tells the exit code in the envelope', async () => {
    const run = await start('npx', [
      '-y',
      packageManager,
      '--filter',
      'scripts',
      'status',
      '--check',
      '--json',
    ])
    expect(envelopeSchema.parse(JSON.parse(run.out))).toMatchObject({ command: 'status', exitCode: 8 })
    expect(run.exitCode).not.toBe(0)
  }, 60_000)

  it('is quiet when its reader stops early', async () => {
    const child = spawn(
      process.execPath,
      ['--conditions=tds-source', 'scripts/src/tds.ts', 'quarantine', 'list'],
      {
        cwd: checkout,
        env: { ...process.env, ...world.env, NODE_OPTIONS: '' },
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    )
    child.stdout.destroy()
    const [err] = await Promise.all([text(child.stderr), once(child, 'close')])
    expect({ exitCode: child.exitCode, err }).toEqual({ exitCode: 0, err: '' })
  })

  it('stops watching with Ctrl-C, while what it asked for goes on', async () => {
    const child = spawn(
      process.execPath,
      ['--conditions=tds-source', 'scripts/src/tds.ts', 'sync', 'product', '--wait'],
      {
        cwd: checkout,
        env: { ...process.env, ...world.env, NODE_OPTIONS: '' },
        stdio: ['ignore', 'ignore', 'pipe'],
      },
    )
    let err = ''
    child.stderr.setEncoding('utf8').on('data', (part: string) => {
      if (!err.includes('no worker is alive') && (err + part).includes('no worker is alive'))
        child.kill('SIGINT')
      err += part
    })
    await once(child, 'close')
    expect(child.exitCode).toBe(130)
    expect(err).toContain('the run goes on; see it with tds sync show')
    const { rows } = await world.db.query('SELECT status FROM tds_sync_runs')
    expect(rows).toEqual([{ status: 'running' }])
  })
})

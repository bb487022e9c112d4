import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { captureLogs } from '@tds/runtime/testing'
import { drainableIds, makeSpoolWorld, type SpoolWorld, until } from '../testing/spool-world.ts'
import { listFolders } from './spool-folder.ts'

const fixture = fileURLToPath(new URL('../testing/fixtures/spooling-process.ts', import.meta.url))
const seed = Number(process.env['TDS_SEED'] ?? randomInt(1_000_000))

let world: SpoolWorld

beforeEach(async () => {
  captureLogs()
  world = await makeSpoolWorld()
})
afterEach(async () => {
  await world.close()
})

describe(`kill -9 of processes that spool (TDS_SEED=${String(seed)})`, () => {
  it('loses nothing promised, at no moment, and its successor has all of it', async () => {
    const promised: string[] = []
    for (let round = 0; round < 4; round += 1) {
      const child = spawn(process.execPath, [fixture, world.dir, String(round * 1_000_000)])
      const output = readLines(child)
      await until(() => output.length > ((seed + round * 37) % 200) + 1)
      child.kill('SIGKILL')
      await once(child, 'close')
      // The last line may have been cut off with its process.
      promised.push(...output)
    }
    const successor = await world.open({ limit: 1024 ** 3 })
    await until(async () => successor.state().adoptedFolders === (await listFolders(world.dir)).length - 1)
    const held = await drainableIds(successor)
    expect(promised.length).toBeGreaterThan(4)
    expect(promised.filter((id) => !held.includes(id))).toEqual([])
    expect(new Set(held).size).toBe(held.length)
  }, 60_000)

  it('two processes in one folder keep out of each other, and what both promised is there once', async () => {
    const children = [0, 1].map((side) =>
      spawn(process.execPath, [fixture, world.dir, String(side * 1_000_000)]),
    )
    const outputs = children.map(readLines)
    await until(() => outputs.every((output) => output.length > 50))
    expect(await listFolders(world.dir)).toHaveLength(2)
    for (const child of children) child.kill('SIGKILL')
    await Promise.all(children.map(async (child) => once(child, 'close')))
    const successor = await world.open({ limit: 1024 ** 3 })
    await until(() => successor.state().adoptedFolders === 2)
    const held = await drainableIds(successor)
    expect(new Set(held).size).toBe(held.length)
    expect(outputs.flat().filter((id) => !held.includes(id))).toEqual([])
  }, 60_000)
})

// Mounting takes a right that not every account has; what does not need it is tried in spool.test.ts.
const canMount = spawnSync('unshare', ['-m', 'true']).status === 0
const describeMounted = canMount ? describe : describe.skip

describeMounted('F-27, F-28: a volume', () => {
  it('that is really full ends what can be promised, and what was promised is all there', async () => {
    const { promised, refused, held } = await spoolOnto('size=256k')
    expect(refused).toBe('refused spool_unwritable')
    expect(promised.length).toBeGreaterThan(50)
    expect(promised.filter((id) => !held.includes(id))).toEqual([])
  }, 60_000)

  it('that is read-only takes nothing and promises nothing', async () => {
    expect(await spoolOnto('ro')).toMatchObject({ promised: [], refused: 'refused spool_unwritable' })
  }, 60_000)

  /** Spools onto a small volume of its own until it is refused, then looks at what lies there. */
  async function spoolOnto(
    options: string,
  ): Promise<{ promised: string[]; refused: string; held: string[] }> {
    const volume = join(world.dir, 'volume')
    await mkdir(volume)
    const script = `mount -t tmpfs -o ${options} tmpfs "$1" && node "$2" "$1" 0; cp -a "$1"/. "$3"`
    const child = spawn('unshare', ['-m', 'sh', '-c', script, 'sh', volume, fixture, world.dir])
    const promised = readLines(child)
    await once(child, 'close')
    const successor = await world.open()
    await until(async () => successor.state().adoptedFolders === (await listFolders(world.dir)).length - 1)
    return { promised, refused: promised.pop() ?? '', held: await drainableIds(successor) }
  }
})

/** Whole lines that a process has printed so far. */
function readLines(child: ChildProcess): string[] {
  const lines: string[] = []
  let rest = ''
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    const parts = (rest + text).split('\n')
    rest = parts.pop() ?? ''
    lines.push(...parts)
  })
  return lines
}

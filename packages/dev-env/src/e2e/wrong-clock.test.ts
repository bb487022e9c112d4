import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import type { BodyShape } from '@tds/zoho-simulator'

import { type EndToEnd, startEndToEnd, waitUntil } from '../testing/index.ts'

const preload = new URL('../testing/moved-clock.ts', import.meta.url).href
const tenMinutesMs = 600_000

/** The simulated Zoho and Postgres have the right time; every daemon has another. */
describe('daemons whose clock is ten minutes wrong', () => {
  let world: EndToEnd
  let folder: string

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tds-clock-'))
    await moveClock(tenMinutesMs)
    world = await startEndToEnd({
      workers: 2,
      settings: { NODE_OPTIONS: `--import=${preload}`, TDS_MOVED_CLOCK: clockFile() },
    })
  }, 90_000)

  afterAll(async () => {
    await world.stop()
    await rm(folder, { recursive: true })
  })

  it('F-16: apply everything as ever, also while it jumps by twenty, and say by how much it is wrong', async () => {
    await applyThrough(tenMinutesMs)
    await tell(20)
    await moveClock(-tenMinutesMs)
    await applyThrough(-tenMinutesMs)
    const { rows } = await world.database.db.query(
      `SELECT (SELECT count(*) FROM tds_dead_letter_queue) AS dead,
              (SELECT count(*) FROM tds_v_conservation WHERE difference <> 0) AS unconserved,
              (SELECT count(*) FROM tds_inbox_events WHERE processed_at < received_at) AS backwards,
              (SELECT count(*) FROM tds_sync_logs WHERE outcome = 'stale') AS stale`,
    )
    expect(rows).toEqual([{ dead: '0', unconserved: '0', backwards: '0', stale: '0' }])
    expect(await negativeFigures()).toEqual([])
  }, 180_000)

  /** Changes arrive, are applied in time, and every daemon tells of its clock. */
  async function applyThrough(movedByMs: number): Promise<void> {
    await waitUntil(async () => (await skews()).every((skew) => Math.abs(skew + movedByMs / 1000) < 5), {
      what: 'every daemon tells of its clock',
    })
    const touched = await tell(40)
    // Some need a read, and one more two seconds later: a wait that the wrong clock must not lengthen.
    await world.converge(60_000)
    expect(await world.differences(touched)).toEqual([])
  }

  /** Webhooks of every form about so many records; returns their ids. */
  async function tell(count: number): Promise<Set<string>> {
    const shapes: BodyShape[] = ['detail', 'usual', 'thin', 'lean']
    const ids = new Set<string>()
    for (let n = 0; n < count; n += 1) {
      const kind = n % 5 === 0 ? 'create' : 'update'
      const mutation = world.simulator.mutate({ type: n % 2 === 0 ? 'product' : 'invoice', kind })
      ids.add(mutation.id)
      const delivery = world.simulator.deliveryOf(mutation, { shape: shapes[n % shapes.length] ?? 'thin' })
      const { results } = await world.simulator.send([delivery], { target: world.installation.apiUrl })
      expect(results.map(({ status }) => status)).toEqual([202])
    }
    return ids
  }

  function clockFile(): string {
    return join(folder, 'moved-by')
  }

  async function moveClock(byMs: number): Promise<void> {
    await writeFile(clockFile(), String(byMs))
  }

  /** Seconds that each daemon says Postgres is ahead of it; 0 where it finds nothing wrong. */
  async function skews(): Promise<number[]> {
    return Promise.all(
      [...world.installation.healthUrls.values()].map(async (url) => {
        const report = (await (await fetch(`${url}/health`)).json()) as {
          checks: { name: string; status: string; facts?: { skewSeconds?: number } }[]
        }
        const clock = report.checks.find(({ name }) => name === 'clock')
        return clock?.status === 'degraded' ? (clock.facts?.skewSeconds ?? 0) : 0
      }),
    )
  }

  /** Figures of the daemons below zero, but for the skew itself and what says "unknown" by -1. */
  async function negativeFigures(): Promise<string[]> {
    const texts = await Promise.all(
      [...world.installation.healthUrls.values()].map(async (url) => (await fetch(`${url}/metrics`)).text()),
    )
    return texts
      .flatMap((text) => text.split('\n'))
      .filter((line) => /^tds_\S+ -/.test(line) && !/^tds_clock_skew_seconds|quota="day"/.test(line))
  }
})

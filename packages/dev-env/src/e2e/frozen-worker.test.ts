import { readFile } from 'node:fs/promises'

import type { Daemon } from '../processes/daemon.ts'
import { type EndToEnd, startEndToEnd, waitUntil } from '../testing/index.ts'

/** The promise: what a dead or frozen worker had in its hands is taken over within this time. */
const takeOverMs = 60_000

describe('workers that are frozen or killed in the middle of a write', () => {
  let world: EndToEnd
  let frozen: Daemon
  let killed: Daemon
  /** Events that these two had in their hands. */
  let held: string[]

  beforeAll(async () => {
    world = await startEndToEnd({ workers: 3 })
    await beSlow(3)
    await tellOf(5)
    const holders = await heldByTwo()
    const [first, second] = holders
    if (first === undefined || second === undefined) throw new Error('fewer than two workers hold events')
    frozen = first.daemon
    killed = second.daemon
    held = [...first.events, ...second.events]
    frozen.kill('SIGSTOP')
    killed.kill('SIGKILL')
    await beSlow(0)
  }, 90_000)

  afterAll(async () => {
    frozen.kill('SIGCONT')
    await world.stop()
  })

  it('F-05, F-07: have their events taken over by another within a minute, each applied once', async () => {
    await waitUntil(async () => (await finished()) === held.length, {
      what: 'the events are applied by another worker',
      withinMs: takeOverMs,
    })
    expect(await recordsCreatedBy(held)).toBe(held.length)
  }, 70_000)

  it('F-07: the frozen one writes nothing when it wakes up, says so, and works on', async () => {
    frozen.kill('SIGCONT')
    await waitUntil(
      async () => /was too long and is rolled back|connection to Postgres was lost/.test(await logOf(frozen)),
      {
        what: 'the late write is refused',
      },
    )
    await tellOf(20)
    await world.converge()
    expect(await recordsCreatedBy(held)).toBe(held.length)
    expect(frozen.ended()).toBeNull()
    const { rows } = await world.database.db.query(
      `SELECT (SELECT count(*) FROM tds_dead_letter_queue) AS dead,
              (SELECT count(*) FROM tds_v_conservation WHERE difference <> 0) AS unconserved`,
    )
    expect(rows).toEqual([{ dead: '0', unconserved: '0' }])
    await waitUntil(
      async () => (await world.database.db.query('SELECT FROM tds_work_claims')).rowCount === 0,
      {
        what: 'no claim is left behind',
      },
    )
    await waitUntil(async () => (await beatAge(frozen)) < 10, { what: 'it beats again' })
  }, 60_000)

  /** Makes each write of a product take so long. */
  async function beSlow(seconds: number): Promise<void> {
    await world.database.db.query(
      `CREATE OR REPLACE FUNCTION be_slow() RETURNS trigger LANGUAGE plpgsql AS
         $$ BEGIN PERFORM pg_sleep(${String(seconds)}); RETURN NEW; END $$`,
    )
    if (seconds > 0) {
      await world.database.db.query(
        'CREATE TRIGGER be_slow BEFORE INSERT OR UPDATE ON tds_products FOR EACH ROW EXECUTE FUNCTION be_slow()',
      )
    }
  }

  /** Sends webhooks about so many new products, one after the other: each has a job of its own. */
  async function tellOf(count: number): Promise<void> {
    for (let n = 0; n < count; n += 1) {
      const created = world.simulator.mutate({ type: 'product', kind: 'create' })
      await world.simulator.send([world.simulator.deliveryOf(created)], { target: world.installation.apiUrl })
    }
  }

  async function heldByTwo(): Promise<{ daemon: Daemon; events: string[] }[]> {
    let holders: { pid: number; events: string[] }[] = []
    await waitUntil(
      async () => {
        const { rows } = await world.database.db.query<{ pid: number; events: string[] }>(
          `SELECT d.pid, array_agg(e.id::text) AS events
             FROM tds_work_claims c JOIN tds_daemons d ON d.id = c.daemon_id CROSS JOIN unnest(c.event_ids) AS e(id)
            GROUP BY d.pid`,
        )
        holders = rows
        return rows.length >= 2
      },
      { what: 'two workers hold events' },
    )
    return holders.map(({ pid, events }) => {
      const daemon = world.installation.workers.find((worker) => worker.pid() === pid)
      if (daemon === undefined) throw new Error(`no worker of process id ${String(pid)}`)
      return { daemon, events }
    })
  }

  async function finished(): Promise<number> {
    return (
      await world.database.db.query(
        'SELECT FROM tds_inbox_events WHERE id = ANY ($1) AND processed_at IS NOT NULL',
        [held],
      )
    ).rowCount
  }

  /** How often the records of these events were created. */
  async function recordsCreatedBy(ids: readonly string[]): Promise<number> {
    const { rowCount } = await world.database.db.query(
      `SELECT FROM tds_audit_trail a JOIN tds_inbox_events e ON e.source_entity_id = a.entity_id
        WHERE e.id = ANY ($1) AND a.operation = 'created'`,
      [ids],
    )
    return rowCount
  }

  async function beatAge(daemon: Daemon): Promise<number> {
    const { rows } = await world.database.db.query<{ age: number }>(
      'SELECT extract(epoch FROM tds_now() - beat_at)::float8 AS age FROM tds_daemons WHERE pid = $1',
      [daemon.pid()],
    )
    return rows[0]?.age ?? Infinity
  }
})

async function logOf(daemon: Daemon): Promise<string> {
  return readFile(daemon.log, 'utf8')
}

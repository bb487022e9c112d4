import { randomUUID } from 'node:crypto'

import { createTestDatabase, type TestDatabase } from '@tds/db/testing'
import { captureLogs, type CapturedLogs, describeService } from '@tds/runtime/testing'

import { createQueue, type Queue } from './index.ts'
import { type JobName, jobNames } from './jobs.ts'
import { queueUpkeep } from './upkeep.ts'

describe('a job that the queue cannot give back', () => {
  let database: TestDatabase
  let queue: Queue
  let logs: CapturedLogs

  beforeEach(async () => {
    logs = captureLogs()
    database = await createTestDatabase()
    queue = createQueue({ db: database.db, role: 'worker', superviseIntervalSeconds: 1 })
    await queue.start()
  })

  afterEach(async () => {
    await queue.stop()
    await database.drop()
  })

  it('F-12: does not keep those of other queues from being given back, is told, and is given back when it can be', async () => {
    await loseJobs()
    // pg-boss deletes a job whose time is over and inserts it anew.
    await database.db.query(
      `CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
         IF NEW.name = 'apply-events' AND NEW.state = 'retry' THEN RAISE EXCEPTION 'no way back'; END IF;
         RETURN NEW; END $$;
       CREATE TRIGGER refuse BEFORE INSERT ON pgboss.job_common FOR EACH ROW EXECUTE FUNCTION refuse();
       UPDATE pgboss.job SET state = 'active', started_on = now() - interval '1 hour',
                             heartbeat_on = now() - interval '1 hour'`,
    )
    await until(async () => (await stateOf('read-record')) === 'retry')
    await until(() => queue.failingUpkeep().length > 0)
    expect(queue.failingUpkeep()).toEqual([
      { queue: 'apply-events', failures: 3, reason: expect.stringContaining('no way back') },
    ])
    expect(await stateOf('apply-events')).toBe('active')
    expect(logs.text()).toContain('a queue is not looked after')
    await database.db.query('DROP TRIGGER refuse ON pgboss.job_common')
    await until(async () => (await stateOf('apply-events')) === 'retry')
  })

  /** One job of each kind, as if its worker had died. */
  async function loseJobs(): Promise<void> {
    await database.db.transaction(async (tx) => {
      await queue.send(tx, 'apply-events', [{ data: { eventIds: [randomUUID()] } }])
      await queue.send(tx, 'read-record', [
        { data: { organizationId: '1', entityType: 'product', zohoId: '7' } },
      ])
    })
  }

  async function stateOf(job: JobName): Promise<string | undefined> {
    const { rows } = await database.db.query<{ state: string }>(
      'SELECT state::text FROM pgboss.job WHERE name = $1',
      [job],
    )
    return rows[0]?.state
  }
})

describe('the upkeep of the queues', () => {
  const seen: JobName[] = []

  beforeEach(() => {
    captureLogs()
    seen.length = 0
  })

  it('forgets failures after five minutes', async () => {
    let now = 0
    const upkeep = upkeepThat(
      () => Promise.reject(new Error('no way back')),
      () => now,
    )
    await upkeep.start()
    await until(() => upkeep.failing().length === jobNames.length)
    await upkeep.stop()
    now = 300_000
    expect(upkeep.failing()).toEqual([])
  })

  it('holds nothing against a queue while Postgres is away', async () => {
    const away = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' })
    const upkeep = upkeepThat(() => Promise.reject(away))
    await upkeep.start()
    await until(() => seen.length > 3)
    await upkeep.stop()
    expect(upkeep.failing()).toEqual([])
    expect(new Set(seen)).toEqual(new Set(jobNames.slice(0, 1)))
  })

  it('takes a statement that ran too long for a fault of the queue', async () => {
    const tooLong = Object.assign(new Error('canceling statement due to statement timeout'), {
      code: '57014',
      severity: 'ERROR',
    })
    const upkeep = upkeepThat(() => Promise.reject(tooLong))
    await upkeep.start()
    await until(() => upkeep.failing().length === jobNames.length)
    await upkeep.stop()
    expect(upkeep.failing()).toMatchObject(jobNames.map((queue) => ({ queue })))
  })

  describeService('it', () => ({ service: upkeepThat(async () => Promise.resolve()) }))

  function upkeepThat(lookAfter: () => Promise<void>, now?: () => number) {
    return queueUpkeep({
      everySeconds: 0.01,
      lookAfter: async (queue) => {
        seen.push(queue)
        await lookAfter()
      },
      ...(now === undefined ? {} : { now }),
    })
  }
})

/** Asks again and again; the time limit of the test is the limit of this. */
async function until(isTrue: () => Promise<boolean> | boolean): Promise<void> {
  while (!(await isTrue())) await new Promise((resolve) => setImmediate(resolve))
}

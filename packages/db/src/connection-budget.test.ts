import { captureLogs, type CapturedLogs } from '@tds/runtime/testing'

import { connectionReserve, verifyConnections } from './connection-budget.ts'
import { daemonRegistry } from './daemon-registry.ts'
import { databaseVitals } from './sql/database-vitals.ts'
import { createTestDatabase, type TestDatabase } from './testing/index.ts'

describe('verifyConnections', () => {
  let database: TestDatabase
  let logs: CapturedLogs
  const warning = 'the daemons may want more connections than Postgres allows'

  beforeEach(async () => {
    logs = captureLogs()
    database = await createTestDatabase({ poolSize: 2 })
    await database.db.query(`ALTER DATABASE ${nameOf(database)} CONNECTION LIMIT 50`)
  })

  afterEach(async () => {
    await database.drop()
  })

  async function anotherDaemon(connections: number): Promise<void> {
    const identity = { name: 'worker', version: '1', host: 'there', pid: 1, connections }
    await daemonRegistry(database.db, identity).register()
  }

  it('says nothing where all daemons and the reserve fit', async () => {
    await anotherDaemon(20)
    await verifyConnections(database.db, 30 - connectionReserve)
    expect(logs.text()).not.toContain(warning)
  })

  it('warns where they fit no longer, and lets the daemon run', async () => {
    await anotherDaemon(20)
    await verifyConnections(database.db, 31 - connectionReserve)
    expect(logs.text()).toContain(warning)
  })

  it('does not count daemons that are silent or have said goodbye', async () => {
    await anotherDaemon(40)
    await database.db.query(`UPDATE tds_daemons SET beat_at = tds_now() - interval '61 seconds'`)
    expect((await databaseVitals(database.db)).connections_planned).toBe(0)
  })

  it('refuses a daemon that would not fit even alone, with what to do', async () => {
    await expect(verifyConnections(database.db, 51)).rejects.toMatchObject({
      code: 'connections_short',
      disposition: 'reject',
      nextStep: expect.stringContaining('61'),
    })
  })
})

function nameOf({ url }: TestDatabase): string {
  return new URL(url).pathname.slice(1)
}

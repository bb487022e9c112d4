import { daemonRegistry, spoolStandings } from '@tds/db'
import { createTestDatabase, type TestDatabase } from '@tds/db/testing'
import { spoolFacts } from './spool-facts.ts'
import type { SpoolState } from './spool-state.ts'

describe('spoolFacts', () => {
  let database: TestDatabase
  beforeEach(async () => {
    database = await createTestDatabase()
  })
  afterEach(() => database.drop())

  const state: SpoolState = {
    problem: null,
    records: 3,
    bytes: 900,
    oldestSeconds: 40,
    adoptedFolders: 0,
    tornFiles: 0,
    freeShare: 0.25,
  }

  it('come with a heartbeat to whoever asks how the spools stand', async () => {
    const who = { name: 'api', version: '0', host: 'edge', pid: 1, connections: 5 }
    const daemon = daemonRegistry(database.db, who)
    await daemon.beat(spoolFacts(state))
    const [standing] = await spoolStandings(database.db)
    expect(standing).toMatchObject({ host: 'edge', records: 3, free_share: 0.25 })
    expect(standing?.oldest_seconds).toBeGreaterThanOrEqual(40)
    await daemon.beat(spoolFacts({ ...state, records: 0, oldestSeconds: null, freeShare: null }))
    expect(await spoolStandings(database.db)).toEqual([
      { host: 'edge', records: 0, oldest_seconds: null, free_share: null },
    ])
  })
})

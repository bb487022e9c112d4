import { daemonRegistry } from './daemon-registry.ts'
import { createTestDatabase, type TestDatabase } from './testing/index.ts'

describe('daemonRegistry', () => {
  let database: TestDatabase
  const identity = { name: 'worker', version: '0.1.0', host: 'here', pid: 4711 }

  beforeAll(async () => {
    database = await createTestDatabase({ poolSize: 1 })
  })

  afterAll(async () => {
    await database.drop()
  })

  async function rowOf(id: string): Promise<Record<string, unknown> | undefined> {
    const { rows } = await database.db.query(
      `SELECT *, beat_at > started_at AS beaten, stopped_at IS NOT NULL AS stopped FROM tds_daemons WHERE id = $1`,
      [id],
    )
    return rows[0]
  }

  it('makes a daemon known, keeps it known and says goodbye', async () => {
    const registry = daemonRegistry(database.db, identity)
    await registry.register()
    expect(await rowOf(registry.id)).toMatchObject({ ...identity, stopped: false })
    await registry.beat({ queue: 3 })
    expect(await rowOf(registry.id)).toMatchObject({ beaten: true, facts: '{"queue": 3}' })
    await registry.deregister()
    expect(await rowOf(registry.id)).toMatchObject({ stopped: true })
  })

  it('gives every start an identity of its own', () => {
    const [first, second] = [daemonRegistry(database.db, identity), daemonRegistry(database.db, identity)]
    expect(first.id).not.toBe(second.id)
  })

  it('brings back a row that was lost', async () => {
    const registry = daemonRegistry(database.db, identity)
    await registry.register()
    await database.db.query('DELETE FROM tds_daemons')
    await registry.beat()
    expect(await rowOf(registry.id)).toMatchObject(identity)
  })
})

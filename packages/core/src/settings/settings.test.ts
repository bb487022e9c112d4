import { openDatabase } from '@tds/db'
import { createTestDatabase, type TestDatabase } from '@tds/db/testing'
import { createSettings, type Settings } from './settings.ts'

describe('settings', () => {
  let database: TestDatabase
  let settings: Settings | null = null

  beforeEach(async () => {
    database = await createTestDatabase()
  })

  afterEach(async () => {
    await settings?.stop()
    settings = null
    await database.drop()
  })

  async function set(key: string, value: string): Promise<void> {
    await database.db.query('UPDATE tds_configuration SET config_value = $2 WHERE config_key = $1', [
      key,
      value,
    ])
  }

  it('are those of the table as soon as they have started: what somebody switched off never runs', async () => {
    await set('sync.scheduled', 'false')
    settings = createSettings(database.db)
    await settings.start()
    expect(settings.flag('sync.scheduled')).toBe(false)
  })

  it('have not started where the table cannot be read, so that nothing goes by the defaults', async () => {
    const closed = openDatabase({ url: database.url, applicationName: 'test', poolSize: 1 })
    await closed.close()
    await expect(createSettings(closed).start()).rejects.toThrow()
  })

  it('follow the table, and keep the last good value where a new one is refused', async () => {
    settings = createSettings(database.db, { everyMs: 20 })
    await settings.start()
    await set('batch_size', '7')
    await untilRead(settings, () => settings?.number('batch_size') === 7)
    await set('batch_size', '-1')
    await set('ledger_sweep_minutes', '9')
    await untilRead(settings, () => settings?.number('ledger_sweep_minutes') === 9)
    expect(settings.number('batch_size')).toBe(7)
  })

  async function untilRead(reading: Settings, holds: () => boolean): Promise<void> {
    for (let tries = 0; !holds(); tries += 1) {
      if (tries > 500) throw new Error('the settings were not read again')
      reading.wake()
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
  }
})

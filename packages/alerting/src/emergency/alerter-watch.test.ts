import { createTestDatabase, takeOverClock, type TestClock, type TestDatabase } from '@tds/db/testing'
import { captureLogs } from '@tds/runtime/testing'
import { createReceivers } from '../receivers/index.ts'
import { type HttpPeer, startHttpPeer } from '../testing/http-peer.ts'
import { alerterWatch } from './alerter-watch.ts'

describe('the watch over the alerter', () => {
  let database: TestDatabase
  let clock: TestClock
  let slack: HttpPeer
  const watches: ReturnType<typeof alerterWatch>[] = []

  beforeEach(async () => {
    captureLogs()
    database = await createTestDatabase()
    clock = await takeOverClock(database.db)
    await clock.set('2026-11-02T08:00:00Z', 1)
    slack = await startHttpPeer({ status: 200, body: 'ok' })
  })

  afterEach(async () => {
    await Promise.all(watches.splice(0).map((watch) => watch.stop()))
    await slack.stop()
    await database.drop()
  })

  async function watch(): Promise<void> {
    const receivers = createReceivers({
      TDS_ENVIRONMENT: 'demo',
      SLACK_WEBHOOK_URL: `${slack.url}/services/x`,
      TELEGRAM_API_URL: 'https://api.telegram.org',
      ALERT_LANGUAGE: 'en',
    })
    const daemonId = crypto.randomUUID()
    const one = alerterWatch({
      db: database.db,
      daemonId,
      receivers,
      language: 'en',
      environment: 'test',
      publicUrl: null,
      everyMs: 20,
    })
    watches.push(one)
    await one.start()
  }

  async function alerterBeats(): Promise<void> {
    await database.db.query(`DELETE FROM tds_daemons`)
    await database.db.query(
      `INSERT INTO tds_daemons (name, version, host, pid, beat_at) VALUES ('alerter', '1', 'here', 1, tds_now())`,
    )
  }

  it('AL-47: tells once, by one of two workers, that no alerter lives, and that one does again', async () => {
    await alerterBeats()
    await watch()
    await watch()
    await clock.advance('121 seconds')
    await slack.untilAsked(1)
    await alerterBeats()
    await slack.untilAsked(2)
    const said = slack.requests.map(({ body }) => /Resolved|Emergency/i.exec(body)?.[0].toLowerCase())
    expect(said).toEqual(['emergency', 'resolved'])
  })

  it('expects none where there never was one', async () => {
    await watch()
    await clock.advance('1 hour')
    const { rows } = await database.db.query('SELECT 1 FROM tds_daemons')
    expect(rows).toEqual([])
    expect(slack.requests).toEqual([])
  })
})

import { join } from 'node:path'

import { caughtMails } from '../mail/caught-mail.ts'
import { type MailCatcher, startMailCatcher } from '../mail/mail-catcher.ts'
import { claimPorts, type ClaimedPorts } from '../processes/ports.ts'
import { makeRunDirectory } from '../processes/run-directory.ts'
import { type EndToEnd, startEndToEnd, waitUntil } from '../testing/index.ts'

const minuteMs = 60_000

describe('alerts by the settings as delivered', () => {
  let world: EndToEnd
  let mail: MailCatcher
  let ports: ClaimedPorts

  beforeAll(async () => {
    ports = await claimPorts(1)
    const run = await makeRunDirectory('test')
    mail = await startMailCatcher({ port: ports.take(), folder: join(run.logs, 'mail') })
    world = await startEndToEnd({
      withAlerter: true,
      settings: {
        SMTP_URL: mail.url,
        ALERT_EMAIL_FROM: 'tds@example.com',
        ALERT_EMAIL_TO: 'ops@example.com',
      },
    })
  }, 120_000)

  afterAll(async () => {
    await world.stop()
    await mail.stop()
    await ports.release()
  })

  it(
    'AL-01, AL-02: tell of a worker that was killed after five minutes and not before, and of its return',
    async () => {
      const [worker] = world.installation.workers
      if (worker === undefined) throw new RangeError('the installation has a worker')
      worker.kill('SIGKILL')
      await worker.whenEnded()
      const silent = await toldWithin('Firing: No worker is alive', 6 * minuteMs)
      // Its last beat was up to a quarter of a minute before it was killed.
      expect(silent).toBeGreaterThan(4.7 * minuteMs)
      expect(silent).toBeLessThan(5.5 * minuteMs)
      await worker.startAgain()
      await worker.untilReady()
      // Well for a minute before it is over, and news of it in the minute after that.
      expect(await toldWithin('Resolved: No worker is alive', 4 * minuteMs)).toBeGreaterThan(minuteMs)
      const subjects = (await caughtMails(mail.folder)).map(({ subject }) => subject)
      expect(subjects.filter((subject) => subject.includes('No worker is alive'))).toHaveLength(2)
    },
    12 * minuteMs,
  )

  /** Milliseconds until a mail with this subject came. */
  async function toldWithin(subject: string, withinMs: number): Promise<number> {
    const from = performance.now()
    await waitUntil(
      async () => (await caughtMails(mail.folder)).some((one) => one.subject.includes(subject)),
      { what: `a mail says "${subject}"`, withinMs, everyMs: 500 },
    )
    const ms = performance.now() - from
    console.info(`${subject}: after ${(ms / 1000).toFixed(1)} s`)
    return ms
  }
})

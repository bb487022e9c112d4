import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

import { type HttpPeer, startHttpPeer } from '@tds/alerting/testing'

import { caughtMails } from '../mail/caught-mail.ts'
import { type MailCatcher, startMailCatcher } from '../mail/mail-catcher.ts'
import { claimPorts, type ClaimedPorts } from '../processes/ports.ts'
import { makeRunDirectory } from '../processes/run-directory.ts'
import { deliver } from '../testing/hand-made-delivery.ts'
import { type EndToEnd, startEndToEnd, waitUntil } from '../testing/index.ts'

const ok = { status: 200, body: 'ok' }
const okTelegram = { status: 200, body: '{"ok":true,"result":{}}' }
/** By all ways and at once, and a worker is missed as soon as a setting allows. */
const shortened = {
  dlq_growth: { severity: 'critical' },
  worker_down: { silentSeconds: 30 },
}
/** They see the same and are told of beside it: where a provider takes one message a second, as one with it. */
const quiet = { failure_rate: { enabled: false }, slo_success_24h: { enabled: false } }
const canary = 'canary-3f9c1e'

describe('alerts', () => {
  let world: EndToEnd
  let slack: HttpPeer
  let telegram: HttpPeer
  let mail: MailCatcher
  let ports: ClaimedPorts

  beforeAll(async () => {
    slack = await startHttpPeer(ok)
    telegram = await startHttpPeer(okTelegram)
    ports = await claimPorts(1)
    const run = await makeRunDirectory('test')
    mail = await startMailCatcher({ port: ports.take(), folder: join(run.logs, 'mail') })
    world = await startEndToEnd({
      withAlerter: true,
      settings: {
        SMTP_URL: mail.url,
        ALERT_EMAIL_FROM: 'tds@example.com',
        ALERT_EMAIL_TO: 'ops@example.com',
        SLACK_WEBHOOK_URL: `${slack.url}/services/${canary}`,
        TELEGRAM_BOT_TOKEN: `1234:${canary}`,
        TELEGRAM_CHAT_ID: '-1001',
        TELEGRAM_API_URL: telegram.url,
      },
    })
    for (const [rule, settings] of Object.entries({ ...shortened, ...quiet })) {
      await world.database.db.query(
        `INSERT INTO tds_configuration (config_key, config_value, value_type) VALUES ($1, $2, 'object')`,
        [`alert_rule.${rule}`, JSON.stringify(settings)],
      )
    }
  }, 90_000)

  afterAll(async () => {
    await world.stop()
    await Promise.all([slack.stop(), telegram.stop(), mail.stop()])
    await ports.release()
  })

  it('of 101 dead letters reach people by every way within a minute, past providers that ask to wait, fail, hang and cut the connection', async () => {
    slack.willAnswer({ status: 429, headers: { 'Retry-After': '3' } }, { status: 500 }, 'reset')
    telegram.willAnswer('hang', 'reset', { status: 500 })
    const from = performance.now()
    await giveUpOn(101)
    await untilTold('firing: many new', 60_000)
    console.info(`fault to the last message: ${seconds(from)} s`)
    const attempts = await attemptsUntilDelivered('dlq_growth')
    expect(attempts.get('slack')).toEqual(['pause 429', 'retry 500', 'retry null', 'success 200'])
    expect(attempts.get('telegram')).toEqual(['retry null', 'retry null', 'retry 500', 'success 200'])
    expect(attempts.get('email')).toHaveLength(1)
  }, 120_000)

  it('of a worker that was killed and does not come back reach people within a minute of its silence', async () => {
    slack.willAnswer({ status: 500 })
    telegram.willAnswer('reset')
    const [worker] = world.installation.workers
    worker?.kill('SIGKILL')
    await worker?.whenEnded()
    const from = performance.now()
    await untilTold('firing: no worker', shortened.worker_down.silentSeconds * 1000 + 60_000)
    console.info(`kill to the last message: ${seconds(from)} s`)
    const attempts = await attemptsUntilDelivered('worker_down')
    for (const way of ['slack', 'telegram']) expect(attempts.get(way)?.at(-1)).toBe('success 200')
  }, 150_000)

  it('say when it is over, after what they began with', async () => {
    // Not before: two messages in one moment would reach Telegram as one.
    await discard(25)
    await untilTold('resolved: many new', 150_000)
    for (const peer of [slack, telegram]) {
      const taken = peer.requests.filter(({ answer }) => answer === ok || answer === okTelegram)
      const kinds = taken
        .filter(({ body }) => body.toLowerCase().includes('many new'))
        .map(({ body }) => /resolved: many/i.test(body))
      // At least once, and never the end before the beginning.
      expect(kinds).toEqual([...kinds].sort())
      expect(new Set(kinds)).toEqual(new Set([false, true]))
    }
    const { rows } = await world.database.db.query(
      `SELECT alert_type, is_active, resolved FROM tds_alerts WHERE alert_type = 'dlq_growth'`,
    )
    expect(rows).toEqual([{ alert_type: 'dlq_growth', is_active: false, resolved: true }])
    await waitUntil(areAllDelivered, { what: 'every message is marked as delivered', withinMs: 30_000 })
  }, 200_000)

  it('lead to a page that says what to do', async () => {
    const links = (await caughtMails(mail.folder)).flatMap((one) => one.links)
    for (const rule of Object.keys(shortened)) {
      const link = links.find((url) => url.endsWith(`/docs/operations/alerts/${rule}.md`))
      const page = await fetch(String(link))
      expect(page.status).toBe(200)
      expect(await page.text()).toContain(`# ${rule}`)
    }
  })

  it('reach people when the api refuses what may have been ours', async () => {
    for (let turn = 0; turn < 11; turn += 1) {
      const answer = await fetch(`${world.installation.apiUrl}/webhooks/products`, {
        method: 'POST',
        body: '{}',
      })
      expect(answer.status).toBe(401)
    }
    // What is not critical goes to the team, which Telegram is not part of.
    const teamIsTold = async () => {
      const [bySlack, byTelegram, byMail] = await told('webhook_rejected')
      expect(byTelegram).toBe(false)
      return bySlack === true && byMail === true
    }
    await waitUntil(teamIsTold, { what: 'Slack and mail have it', withinMs: 90_000, everyMs: 200 })
    const { rows } = await world.database.db.query(
      `SELECT severity, is_active FROM tds_alerts WHERE alert_type = 'webhook_rejected'`,
    )
    expect(rows).toEqual([{ severity: 'error', is_active: true }])
  }, 120_000)

  it('show no secret of a receiver in any log', async () => {
    for (const { log } of world.installation.daemons)
      expect(await readFile(log, 'utf8')).not.toContain(canary)
  })

  /** Records whose price no number is: each is given up on at once. */
  async function giveUpOn(count: number): Promise<void> {
    const { simulator, installation } = world
    for (let place = 0; place < count; place += 1) {
      const item = {
        item_id: `9${String(place).padStart(17, '0')}`,
        name: 'x',
        rate: 'much',
        last_modified_time: '2026-11-20T10:00:00+0300',
      }
      const answer = await deliver(
        { apiUrl: installation.apiUrl, simulator },
        {
          path: `/products/updated?organization_id=${simulator.access.organizationId}`,
          body: JSON.stringify({ item }),
        },
      )
      expect(answer.status).toBe(202)
    }
  }

  /** From 101 open letters to 76: below four fifths of the threshold, where it is over. */
  async function discard(count: number): Promise<void> {
    await world.database.db.query(
      `UPDATE tds_dead_letter_queue SET status = 'discarded', resolved_at = tds_now()
        WHERE id IN (SELECT id FROM tds_dead_letter_queue ORDER BY id LIMIT $1)`,
      [count],
    )
  }

  async function untilTold(word: string, withinMs: number): Promise<void> {
    await waitUntil(async () => (await told(word)).every(Boolean), {
      what: `Slack, Telegram and mail have "${word}"`,
      withinMs,
      everyMs: 200,
    })
  }

  /** Class and status of every attempt for one rule's messages, by the way, as the alerter's log has them. */
  async function areAllDelivered(): Promise<boolean> {
    const { rows } = await world.database.db.query<{ state: string }>(
      `SELECT DISTINCT state FROM tds_notifications
        WHERE message::text LIKE '%dlq_growth%' OR message::text LIKE '%worker_down%'`,
    )
    return rows.length === 1 && rows[0]?.state === 'delivered'
  }

  /** The provider has a message a moment before the alerter has noted it. */
  async function attemptsUntilDelivered(rule: string): Promise<Map<string, string[]>> {
    let attempts = new Map<string, string[]>()
    await waitUntil(
      async () => {
        attempts = await attemptsOf(rule)
        return ['slack', 'telegram', 'email'].every((way) => attempts.get(way)?.at(-1)?.startsWith('success'))
      },
      { what: `the alerter has noted that ${rule} was delivered by every way`, withinMs: 30_000 },
    )
    return attempts
  }

  async function attemptsOf(rule: string): Promise<Map<string, string[]>> {
    const { rows } = await world.database.db.query<{ id: string }>(
      `SELECT id FROM tds_notifications WHERE message::text LIKE $1`,
      [`%"${rule}"%`],
    )
    const alerter = world.installation.daemons.find(({ name }) => name === 'alerter')
    const lines = (await readFile(alerter?.log ?? '', 'utf8')).split('\n')
    const attempts = new Map<string, string[]>()
    for (const line of lines) {
      const [, id, way, outcome, status] =
        /notificationId=(\S+) integration=(\S+) outcome=(\S+) providerStatus=(\S+)/.exec(line) ?? []
      if (id === undefined || way === undefined || rows.every((row) => row.id !== id)) continue
      // The mail server's words are its own.
      attempts.set(way, [...(attempts.get(way) ?? []), `${String(outcome)} ${String(status)}`])
    }
    return attempts
  }

  /** Whether Slack, Telegram and the mail server have a message with this word. */
  async function told(word: string): Promise<boolean[]> {
    const has = (text: string) => text.toLowerCase().includes(word)
    const mails = await Promise.all(
      (await readdir(mail.folder)).map((name) => readFile(join(mail.folder, name), 'utf8')),
    )
    return [
      slack.requests.some(({ body, answer }) => answer === ok && has(body)),
      telegram.requests.some(({ body, answer }) => answer === okTelegram && has(body)),
      mails.some(has),
    ]
  }
})

function seconds(from: number): string {
  return ((performance.now() - from) / 1000).toFixed(1)
}

import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

import { type HttpPeer, startHttpPeer } from '@tds/alerting/testing'

import { type MailCatcher, startMailCatcher } from '../mail/mail-catcher.ts'
import { claimPorts, type ClaimedPorts } from '../processes/ports.ts'
import { makeRunDirectory } from '../processes/run-directory.ts'
import { deliver } from '../testing/hand-made-delivery.ts'
import { type EndToEnd, startEndToEnd, waitUntil } from '../testing/index.ts'

const ok = { status: 200, body: 'ok' }
const canary = 'canary-3f9c1e'

describe('alerts', () => {
  let world: EndToEnd
  let slack: HttpPeer
  let telegram: HttpPeer
  let mail: MailCatcher
  let ports: ClaimedPorts

  beforeAll(async () => {
    slack = await startHttpPeer(ok)
    telegram = await startHttpPeer({ status: 200, body: '{"ok":true,"result":{}}' })
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
    await world.database.db.query(
      `INSERT INTO tds_configuration (config_key, config_value, value_type)
       VALUES ('alert_rule.dlq_growth', '{"threshold": 2, "severity": "critical"}', 'object')`,
    )
  }, 90_000)

  afterAll(async () => {
    await world.stop()
    await Promise.all([slack.stop(), telegram.stop(), mail.stop()])
    await ports.release()
  })

  it('reach people by every way within a minute, also past a provider that asks to wait, and say when it is over', async () => {
    slack.willAnswer({ status: 429, headers: { 'Retry-After': '3' } })
    const from = performance.now()
    for (let place = 0; place < 3; place += 1) await giveUpOn(`9${String(place).padStart(17, '0')}`)
    await waitUntil(async () => (await told('dlq_growth')).every(Boolean), {
      what: 'Slack, Telegram and mail have it',
      withinMs: 60_000,
      everyMs: 200,
    })
    console.info(`fault to the last message: ${((performance.now() - from) / 1000).toFixed(1)} s`)
    expect(slack.requests.filter(({ answer }) => answer === ok)).toHaveLength(1)
    expect(telegram.requests).toHaveLength(1)
    await world.database.db.query(
      `UPDATE tds_dead_letter_queue SET status = 'discarded', resolved_at = tds_now()`,
    )
    await waitUntil(async () => (await told('resolved: many new')).every(Boolean), {
      what: 'all of them have heard that it is over',
      withinMs: 150_000,
      everyMs: 200,
    })
    const { rows } = await world.database.db.query(
      `SELECT alert_type, is_active, resolved FROM tds_alerts WHERE alert_type = 'dlq_growth'`,
    )
    expect(rows).toEqual([{ alert_type: 'dlq_growth', is_active: false, resolved: true }])
  }, 240_000)

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

  /** A record whose price no number is: it is given up on at once. */
  async function giveUpOn(id: string): Promise<void> {
    const { simulator, installation } = world
    const item = { item_id: id, name: 'x', rate: 'much', last_modified_time: '2026-11-20T10:00:00+0300' }
    const answer = await deliver(
      { apiUrl: installation.apiUrl, simulator },
      {
        path: `/products/updated?organization_id=${simulator.access.organizationId}`,
        body: JSON.stringify({ item }),
      },
    )
    expect(answer.status).toBe(202)
  }

  /** Whether Slack, Telegram and the mail server have a message with this word. */
  async function told(word: string): Promise<boolean[]> {
    const has = (text: string) => text.toLowerCase().includes(word)
    const mails = await Promise.all(
      (await readdir(mail.folder)).map((name) => readFile(join(mail.folder, name), 'utf8')),
    )
    return [
      slack.requests.some(({ body, answer }) => answer === ok && has(body)),
      telegram.requests.some(({ body }) => has(body)),
      mails.some(has),
    ]
  }
})

import { z } from 'zod'
import { ConfigError, loadConfig } from '@tds/runtime'
import { createReceivers } from '../receivers/index.ts'
import { completeReceivers, receiverConfigFields } from '../receivers/receiver-config.ts'
import { slackReceiver } from '../receivers/slack/slack-receiver.ts'
import { telegramReceiver } from '../receivers/telegram/telegram-receiver.ts'
import { deliveryWorld, type DeliveryWorld } from '../testing/delivery-world.ts'
import { startHttpPeer, type HttpPeer } from '../testing/http-peer.ts'
import { slackAnswers, telegramAnswers } from '../testing/provider-answers.ts'
import { adoptReceiver, deliveryService } from './lanes.ts'
import { receiverChecks } from './receiver-checks.ts'
import { testReceiver } from './test-receiver.ts'

let telegram: HttpPeer
let slack: HttpPeer
let world: DeliveryWorld
beforeEach(async () => {
  telegram = await startHttpPeer(telegramAnswers.ok)
  slack = await startHttpPeer(slackAnswers.ok)
  world = await deliveryWorld([
    telegramReceiver({
      apiUrl: telegram.url,
      botToken: '1:t',
      chatId: '-100',
      allowLoopback: true,
      timeoutMs: 800,
    }),
    slackReceiver({ webhookUrl: `${slack.url}/x`, allowLoopback: true }),
  ])
})
afterEach(async () => {
  await world.stop()
  await Promise.all([telegram.stop(), slack.stop()])
})

describe('AL-35: testReceiver', () => {
  it('sends a message marked as a test, kept in the delivery log', async () => {
    const test = await testReceiver(world.parts, 'telegram')
    expect(test.result).toMatchObject({ class: 'success' })
    expect(telegram.requests[0]?.body).toContain('TEST')
    expect(await world.rows()).toMatchObject([{ id: test.notificationId, kind: 'test', state: 'delivered' }])
  })

  it('tells of a wrong token', async () => {
    telegram.willAnswer(telegramAnswers.unauthorized)
    expect((await testReceiver(world.parts, 'telegram')).result).toMatchObject({
      class: 'broken',
      providerStatus: '401',
      detail: 'the token is not valid',
    })
  })

  it('tells of a provider that says nothing, in time', async () => {
    telegram.willAnswer('hang')
    const { result, tookMs } = await testReceiver(world.parts, 'telegram')
    expect(result).toMatchObject({ class: 'retry', detail: 'no complete answer in time' })
    expect(tookMs).toBeLessThan(15_000)
  })

  it('refuses the sixth within a minute, and one that is not there', async () => {
    for (let count = 0; count < 5; count += 1) await testReceiver(world.parts, 'slack')
    await expect(testReceiver(world.parts, 'slack')).rejects.toMatchObject({ code: 'too_many_tests' })
    await expect(testReceiver(world.parts, 'email')).rejects.toMatchObject({ code: 'receiver_unknown' })
    await world.clock.advance('61 seconds')
    await testReceiver(world.parts, 'slack')
    expect(slack.requests).toHaveLength(6)
  })

  it('has a broken receiver used again once a test goes well', async () => {
    slack.willAnswer(slackAnswers.forbidden)
    const id = await world.queue({ integration: 'slack' })
    await world.pass('slack')
    expect(await world.row(id)).toMatchObject({ outcome: 'broken' })
    await testReceiver(world.parts, 'slack')
    await world.pass('slack')
    expect(await world.row(id)).toMatchObject({ state: 'delivered' })
  })
})

describe('receiverChecks', () => {
  it('degrade for a receiver that is broken, and recover', async () => {
    const [, check] = receiverChecks(world.database.db, world.parts.receivers)
    expect(await check?.check()).toMatchObject({ status: 'healthy' })
    slack.willAnswer(slackAnswers.gone)
    await world.queue({ integration: 'slack' })
    await world.pass('slack')
    expect(await check?.check()).toMatchObject({
      status: 'degraded',
      detail: expect.stringContaining('refuses us and is not used: 410'),
    })
    await testReceiver(world.parts, 'slack')
    expect(await check?.check()).toMatchObject({ status: 'healthy' })
  })
})

describe('adoptReceiver', () => {
  it('forgets what was wrong with other settings, and only then', async () => {
    const [, receiver] = world.parts.receivers
    if (receiver === undefined) throw new Error('no slack')
    await adoptReceiver(world.parts, receiver)
    slack.willAnswer(slackAnswers.gone)
    const id = await world.queue({ integration: 'slack' })
    await world.pass('slack')
    expect(await adoptReceiver(world.parts, receiver)).toBe(false)
    await world.pass('slack')
    expect(await world.row(id)).toMatchObject({ outcome: 'broken' })
    expect(await adoptReceiver(world.parts, { ...receiver, settings: ['another'] })).toBe(true)
    await world.pass('slack')
    expect(await world.row(id)).toMatchObject({ state: 'delivered' })
  })
})

describe('deliveryService', () => {
  it('sends what is in the outbox, at once where it is woken', async () => {
    await world.clock.set('2026-01-01T12:00:00Z', 1)
    const service = deliveryService(world.parts)
    await service.start()
    await world.queue({ integration: 'slack' })
    service.wake()
    await slack.untilAsked(1)
    await world.queue({ integration: 'telegram' })
    service.wake()
    await telegram.untilAsked(1)
    await service.stop()
    expect((await world.rows()).map(({ state }) => state)).toEqual(['delivered', 'delivered'])
  })
})

describe('createReceivers', () => {
  const schema = z
    .object(receiverConfigFields)
    .extend({ TDS_ENVIRONMENT: z.string() })
    .check(completeReceivers())
  function load(env: Record<string, string>) {
    return createReceivers(loadConfig(schema, { TDS_ENVIRONMENT: 'production', ...env }))
  }

  it('makes those that are configured, the quickest way first', () => {
    const receivers = load({
      SLACK_WEBHOOK_URL: 'https://hooks.slack.test/services/a/b/c',
      TELEGRAM_BOT_TOKEN: '1:t',
      TELEGRAM_CHAT_ID: '-100',
      SMTP_URL: 'smtps://user:password@mail.test',
      ALERT_EMAIL_FROM: 'alerts@tds.test',
      ALERT_EMAIL_TO: 'one@people.test, two@people.test',
      ALERT_WEBHOOK_URL: 'https://hook.test/x',
      ALERT_WEBHOOK_SECRET: 'secret',
    })
    expect(receivers.map(({ integration }) => integration)).toEqual(['telegram', 'slack', 'email', 'webhook'])
    expect(load({})).toEqual([])
  })

  it('names what is missing of a set', () => {
    expect(() => load({ SMTP_URL: 'smtp://mail.test' })).toThrow(
      /ALERT_EMAIL_FROM: not set; needed because SMTP_URL is set; ALERT_EMAIL_TO: not set/,
    )
    expect(() => load({ ALERT_WEBHOOK_URL: 'https://hook.test/x' })).toThrow(/ALERT_WEBHOOK_SECRET: not set/)
  })

  it.each([
    'http://hooks.slack.test/x',
    'https://localhost/x',
    'http://127.0.0.1:9/x',
    'https://a:b@hook.test/x',
  ])('AL-35: refuses %s in production without repeating it', (url) => {
    expect(() => load({ SLACK_WEBHOOK_URL: url })).toThrow(ConfigError)
    expect(() => load({ SLACK_WEBHOOK_URL: url })).not.toThrow(url)
  })

  it('takes this machine as a receiver outside of production', () => {
    const env = { TDS_ENVIRONMENT: 'demo', SLACK_WEBHOOK_URL: 'http://127.0.0.1:9/x' }
    expect(load(env)).toHaveLength(1)
  })
})

import { emailReceiver } from '../receivers/email/email-receiver.ts'
import { slackReceiver } from '../receivers/slack/slack-receiver.ts'
import { telegramReceiver } from '../receivers/telegram/telegram-receiver.ts'
import { webhookReceiver } from '../receivers/webhook/webhook-receiver.ts'
import { deliveryWorld } from '../testing/delivery-world.ts'
import { startHttpPeer } from '../testing/http-peer.ts'
import { startMailPeer } from '../testing/mail-peer.ts'
import { anAlert } from '../testing/messages.ts'
import { slackAnswers, telegramAnswers } from '../testing/provider-answers.ts'
import { tendOutbox } from './tend-outbox.ts'

async function setup(mail: Parameters<typeof startMailPeer>[0] = {}) {
  const [slack, telegram, hook, post] = await Promise.all([
    startHttpPeer(slackAnswers.ok),
    startHttpPeer(telegramAnswers.ok),
    startHttpPeer({ status: 204 }),
    startMailPeer(mail),
  ])
  const world = await deliveryWorld([
    telegramReceiver({ apiUrl: telegram.url, botToken: '1:token', chatId: '-100', allowLoopback: true }),
    slackReceiver({ webhookUrl: `${slack.url}/services/x`, allowLoopback: true, timeoutMs: 2000 }),
    emailReceiver({
      smtpUrl: post.url,
      from: 'alerts@tds.test',
      to: ['one@people.test', 'two@people.test'],
      timeouts: { connectMs: 2000, greetingMs: 2000, idleMs: 1000 },
    }),
    webhookReceiver({ url: `${hook.url}/x`, secret: 'secret', allowLoopback: true }),
  ])
  return { ...world, slack, telegram, hook, post, peers: [slack, telegram, hook, post] }
}

let world: Awaited<ReturnType<typeof setup>>
beforeEach(async () => {
  world = await setup()
})
afterEach(async () => {
  await world.stop()
  await Promise.all(world.peers.map((peer) => peer.stop()))
})

describe('AL-25: Slack answers 429 with Retry-After 30', () => {
  it('asks nothing of that lane for 30 to 33 s, then delivers once, and burns no attempt', async () => {
    const { slack, queue, pass, clock, row } = world
    slack.willAnswer(slackAnswers.pause('30'))
    const id = await queue({ integration: 'slack' })
    const other = await queue({ integration: 'webhook' })
    await pass('slack')
    await clock.advance('29.9 seconds')
    await queue({ integration: 'slack', severity: 'critical' })
    await pass('slack')
    await pass('webhook')
    expect(slack.requests).toHaveLength(1)
    expect(await row(other)).toMatchObject({ state: 'delivered' })
    await clock.advance('3.1 seconds')
    await pass('slack')
    expect(await row(id)).toMatchObject({ state: 'delivered', attempt: 0 })
    expect(slack.requests.filter(({ body }) => body.includes(id))).toHaveLength(2)
  })
})

describe('AL-26: Retry-After in every spelling', () => {
  it.each<[string, () => string | undefined, number, number]>([
    ['a date', () => new Date(Date.now() + 20_000).toUTCString(), 17, 23],
    ['negative', () => '-5', 1, 1.2],
    ['86,400', () => '86400', 900, 903],
    ['missing', () => undefined, 1, 2.5],
    ['not a number', () => 'soon', 1, 2.5],
  ])('%s', async (_name, header, least, most) => {
    const { slack, queue, pass, pausedFor, row } = world
    slack.willAnswer(slackAnswers.pause(header()))
    const id = await queue({ integration: 'slack' })
    await pass('slack')
    const paused = await pausedFor('slack')
    expect(paused).toBeGreaterThanOrEqual(least)
    expect(paused).toBeLessThanOrEqual(most)
    expect(await row(id)).toMatchObject({ state: 'waiting', attempt: 0 })
  })

  it('a long pause has a critical message told by the others after two minutes', async () => {
    const { slack, queue, pass, clock, rows, parts } = world
    slack.willAnswer(slackAnswers.pause('86400'))
    const id = await queue({ integration: 'slack', severity: 'critical' })
    await pass('slack')
    await clock.advance('119 seconds')
    await tendOutbox(parts)
    expect(await rows()).toHaveLength(1)
    await clock.advance('2 seconds')
    await tendOutbox(parts)
    await tendOutbox(parts)
    const fallbacks = (await rows()).filter((row) => row.fallback_of === id)
    expect(fallbacks.map(({ integration }) => integration).sort()).toEqual(['email', 'telegram', 'webhook'])
  })
})

describe('AL-27: Telegram', () => {
  it('waits as long as retry_after says', async () => {
    const { telegram, queue, pass, pausedFor } = world
    telegram.willAnswer(telegramAnswers.pause(5))
    await queue({ integration: 'telegram' })
    await pass('telegram')
    const paused = await pausedFor('telegram')
    expect(paused).toBeGreaterThanOrEqual(5)
    expect(paused).toBeLessThanOrEqual(8)
  })

  it('saves the id of a chat that moved, delivers there at once, and goes on there', async () => {
    const { telegram, queue, pass, row, clock } = world
    telegram.willAnswer(telegramAnswers.moved(-1009))
    const id = await queue({ integration: 'telegram' })
    await pass('telegram')
    expect(await row(id)).toMatchObject({ state: 'delivered', attempt: 0 })
    await clock.advance('5 seconds')
    await queue({ integration: 'telegram' })
    await pass('telegram')
    const chats = telegram.requests.map(({ body }) => (JSON.parse(body) as { chat_id: string }).chat_id)
    expect(chats).toEqual(['-100', '-1009', '-1009'])
  })

  it.each([
    ['401', telegramAnswers.unauthorized],
    ['403 kicked', telegramAnswers.kicked],
    ['chat not found', telegramAnswers.chatNotFound],
  ])('stops at %s, and tells of it by the others', async (_name, answer) => {
    const { telegram, queue, pass, row, rows, clock } = world
    telegram.willAnswer(answer)
    const id = await queue({ integration: 'telegram' })
    await pass('telegram')
    await clock.advance('1 hour')
    await pass('telegram')
    expect(telegram.requests).toHaveLength(1)
    expect(await row(id)).toMatchObject({ state: 'waiting', outcome: 'broken' })
    const told = (await rows()).filter(({ kind }) => kind === 'internal')
    expect(told.map(({ integration }) => integration).sort()).toEqual(['email', 'slack', 'webhook'])
  })

  it('sends what it could not read once more as plain text', async () => {
    const { telegram, queue, pass, row, clock } = world
    telegram.willAnswer(telegramAnswers.entities)
    const id = await queue({ integration: 'telegram' })
    await pass('telegram')
    await clock.advance('2 seconds')
    await pass('telegram')
    expect(await row(id)).toMatchObject({ state: 'delivered', is_plain: true })
    expect(telegram.requests[1]?.body).not.toContain('parse_mode')
  })

  it('gives up what is refused as plain text too', async () => {
    const { telegram, queue, pass, row, clock } = world
    telegram.willAnswer(telegramAnswers.entities, telegramAnswers.entities)
    const id = await queue({ integration: 'telegram' })
    await pass('telegram')
    await clock.advance('2 seconds')
    await pass('telegram')
    expect(await row(id)).toMatchObject({ state: 'dead', outcome: 'payload' })
  })

  it('cuts a text of 10,000 characters and delivers it', async () => {
    const { telegram, queue, pass, row } = world
    const alerts = Array.from({ length: 20 }, () =>
      anAlert({ title: 'long '.repeat(2000), labels: { a: 'b'.repeat(300) } }),
    )
    const id = await queue({
      integration: 'telegram',
      message: { alerts, counts: { firing: 20, resolved: 0 } },
    })
    await pass('telegram')
    expect(await row(id)).toMatchObject({ state: 'delivered', is_plain: false })
    const { text } = JSON.parse(telegram.requests[0]?.body ?? '{}') as { text: string }
    expect(text.replace(/<[^>]+>/g, '').length).toBeLessThanOrEqual(4096)
    expect(text).toContain('20 firing')
  })
})

describe('AL-28: mail', () => {
  it('waits five minutes where a server answers 451 to all', async () => {
    const { post, queue, pass, pausedFor, row } = world
    post.willAnswer({ recipients: 451 })
    const id = await queue({ integration: 'email' })
    await pass('email')
    expect(await pausedFor('email')).toBeGreaterThanOrEqual(300)
    expect(await pausedFor('email')).toBeLessThan(304)
    expect(await row(id)).toMatchObject({ state: 'waiting', attempt: 0, provider_status: '451' })
  })

  it('counts as delivered where one of two is refused, and shows which', async () => {
    const { post, queue, pass, row } = world
    post.willAnswer({ recipients: { 'two@people.test': 550 } })
    const id = await queue({ integration: 'email' })
    await pass('email')
    const { state, recipients } = await row(id)
    expect(state).toBe('delivered')
    expect(JSON.parse(recipients ?? '[]')).toEqual([
      { recipient: 'one@people.test', delivered: true, detail: null },
      { recipient: 'two@people.test', delivered: false, detail: 'refused (550)' },
    ])
  })

  it('sends to who was greylisted later, and not again to who has it', async () => {
    const { post, queue, pass, row, clock } = world
    post.willAnswer({ recipients: { 'two@people.test': 451 } })
    const id = await queue({ integration: 'email' })
    await pass('email')
    expect(await row(id)).toMatchObject({ state: 'waiting' })
    await clock.advance('301 seconds')
    await pass('email')
    expect(await row(id)).toMatchObject({ state: 'delivered' })
    expect(post.mails.map(({ to }) => to)).toEqual([['one@people.test'], ['two@people.test']])
  })

  it('stops at 550 for all', async () => {
    const { post, queue, pass, row } = world
    post.willAnswer({ recipients: 550 })
    const id = await queue({ integration: 'email' })
    await pass('email')
    expect(await row(id)).toMatchObject({ state: 'waiting', outcome: 'broken', provider_status: '550' })
  })

  it('tries again after silence behind the content, with the same Message-ID', async () => {
    const { post, queue, pass, row, clock } = world
    post.willAnswer({ afterContent: 'hang' })
    const id = await queue({ integration: 'email' })
    await pass('email')
    expect(await row(id)).toMatchObject({ state: 'waiting', outcome: 'retry', attempt: 1 })
    await clock.advance('10 seconds')
    await pass('email')
    expect(await row(id)).toMatchObject({ state: 'delivered' })
    expect(post.mails.map(({ headers }) => headers['message-id'])).toEqual([
      `<${id}@tds.test>`,
      `<${id}@tds.test>`,
    ])
  })

  it('tries again after 452', async () => {
    const { post, queue, pass, row, clock } = world
    post.willAnswer({ recipients: 452 })
    const id = await queue({ integration: 'email' })
    await pass('email')
    await clock.advance('10 seconds')
    await pass('email')
    expect(await row(id)).toMatchObject({ state: 'delivered', attempt: 0 })
  })

  it.each([
    ['535', { signIn: true }, { signIn: 535 }],
    ['a server without encryption', { signIn: true }, {}],
    ['a certificate that nobody trusts', { startTls: true }, {}],
  ])('is broken at %s', async (name, mail, answer) => {
    const peer = await startMailPeer(mail)
    const receiver = emailReceiver({
      smtpUrl: peer.url,
      from: 'alerts@tds.test',
      to: ['one@people.test'],
      trustsLoopback: name === '535',
    })
    const other = await deliveryWorld([receiver])
    peer.willAnswer(answer)
    const id = await other.queue({ integration: 'email' })
    await other.pass('email')
    expect(await other.row(id)).toMatchObject({ state: 'waiting', outcome: 'broken' })
    expect(peer.mails).toEqual([])
    await other.stop()
    await peer.stop()
  })
})

describe('AL-29: Slack', () => {
  it.each([
    ['403', slackAnswers.forbidden],
    ['404', slackAnswers.notFound],
    ['410', slackAnswers.gone],
  ])('stops at %s until its settings change', async (_name, answer) => {
    const { slack, queue, pass, row, clock, database } = world
    slack.willAnswer(answer)
    const id = await queue({ integration: 'slack' })
    await pass('slack')
    await clock.advance('1 hour')
    await pass('slack')
    expect(slack.requests).toHaveLength(1)
    expect(await row(id)).toMatchObject({ outcome: 'broken', state: 'waiting' })
    await database.db.query("UPDATE tds_receiver_states SET broken_since = NULL WHERE integration = 'slack'")
    await pass('slack')
    expect(await row(id)).toMatchObject({ state: 'delivered' })
  })

  it('tries again after three times 500, after text other than ok, and after a cut, always with the same id', async () => {
    const { slack, queue, pass, row, clock } = world
    const { failed, notOk } = slackAnswers
    slack.willAnswer(failed, failed, failed, notOk, 'reset')
    const id = await queue({ integration: 'slack' })
    for (let attempt = 0; attempt < 6; attempt += 1) {
      await pass('slack')
      await clock.advance('6 minutes')
    }
    expect(await row(id)).toMatchObject({ state: 'delivered', attempt: 5 })
    expect(slack.requests.filter(({ body }) => body.includes(id))).toHaveLength(6)
  })
})

describe('AL-30: all ways of a critical receiver fail', () => {
  it('has it told by the others after two minutes, and both are in the log', async () => {
    const { slack, telegram, queue, pass, rows, clock, parts, alert } = world
    slack.answersWith(() => slackAnswers.failed)
    telegram.answersWith(() => telegramAnswers.failed)
    const alertIds = [await alert()]
    const failing = [
      await queue({ integration: 'slack', severity: 'critical', alertIds }),
      await queue({ integration: 'telegram', severity: 'critical', alertIds }),
    ]
    await Promise.all([pass('slack'), pass('telegram')])
    await clock.advance('121 seconds')
    await tendOutbox(parts)
    await Promise.all([pass('slack'), pass('telegram'), pass('email'), pass('webhook')])
    const told = (await rows()).filter(({ fallback_of }) => fallback_of !== null)
    expect(new Set(told.map(({ integration }) => integration))).toEqual(new Set(['email', 'webhook']))
    expect(told.some(({ state }) => state === 'delivered')).toBe(true)
    const ours = (await rows()).filter(({ id }) => failing.includes(id))
    expect(ours.map(({ state, outcome }) => `${state} ${String(outcome)}`)).toEqual([
      'waiting retry',
      'waiting retry',
    ])
  })
})

describe('what is too old', () => {
  it('is given up, told by the others, and in the story of its alerts', async () => {
    const { slack, queue, pass, row, rows, clock, parts, alert, database } = world
    slack.answersWith(() => slackAnswers.failed)
    const alertIds = [await alert()]
    const id = await queue({ integration: 'slack', alertIds })
    await pass('slack')
    await clock.advance('6 hours 1 second')
    expect(await tendOutbox(parts)).toMatchObject({ expired: 1 })
    expect(await row(id)).toMatchObject({ state: 'dead' })
    expect((await rows()).filter(({ kind }) => kind === 'internal')).toHaveLength(3)
    const { rows: story } = await database.db.query('SELECT event, alert_id FROM tds_alert_timeline')
    expect(story).toEqual([{ event: 'failed', alert_id: alertIds[0] }])
  })
})

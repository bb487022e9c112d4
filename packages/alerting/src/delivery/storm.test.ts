import { slackReceiver } from '../receivers/slack/slack-receiver.ts'
import { telegramReceiver } from '../receivers/telegram/telegram-receiver.ts'
import { deliveryWorld } from '../testing/delivery-world.ts'
import { startHttpPeer, type HttpPeer, type PeerAnswer } from '../testing/http-peer.ts'
import { anAlert } from '../testing/messages.ts'
import { slackAnswers, telegramAnswers } from '../testing/provider-answers.ts'

/** A provider that refuses more than so many requests within any such time, counted on the clock of the test. */
function enforce(
  peer: HttpPeer,
  now: () => number,
  o: { limits: readonly [count: number, seconds: number][]; ok: PeerAnswer; refuse: PeerAnswer },
): { refusals: () => number } {
  const taken: number[] = []
  let refusals = 0
  peer.answersWith(() => {
    const full = o.limits.some(
      ([count, seconds]) => taken.filter((at) => at > now() - seconds * 1000).length >= count,
    )
    if (full) refusals += 1
    else taken.push(now())
    return full ? o.refuse : o.ok
  })
  return { refusals: () => refusals }
}

describe('AL-31: 500 alerts in a minute over ten groups', () => {
  it('keeps the limits of the providers, loses none, and tells critical ones first, all within five minutes', async () => {
    const slack = await startHttpPeer(slackAnswers.ok)
    const telegram = await startHttpPeer(telegramAnswers.ok)
    const world = await deliveryWorld([
      telegramReceiver({ apiUrl: telegram.url, botToken: '1:t', chatId: '-100', allowLoopback: true }),
      slackReceiver({ webhookUrl: `${slack.url}/x`, allowLoopback: true }),
    ])
    let nowMs = (await world.clock.now()).getTime()
    const limits = [
      enforce(slack, () => nowMs, {
        limits: [
          [6, 1],
          [30, 60],
        ],
        ok: slackAnswers.ok,
        refuse: slackAnswers.pause('60'),
      }),
      enforce(telegram, () => nowMs, {
        limits: [
          [1, 1],
          [20, 60],
        ],
        ok: telegramAnswers.ok,
        refuse: telegramAnswers.pause(60),
      }),
    ]
    async function step(seconds: number): Promise<void> {
      await world.clock.advance(`${String(seconds)} seconds`)
      nowMs += seconds * 1000
      await Promise.all([world.pass('slack'), world.pass('telegram')])
    }
    const sequences = new Map<string, number>()
    for (let second = 0; second < 50; second += 1) {
      for (let index = 0; index < 10; index += 1) {
        const group = `g${String(index)}`
        const sequence = (sequences.get(group) ?? 0) + 1
        sequences.set(group, sequence)
        const severity = index === 9 && second % 10 === 5 ? 'critical' : 'warning'
        const alerts = [anAlert({ severity, labels: { n: `${group}-${String(second)}` } })]
        for (const integration of ['slack', 'telegram'] as const)
          await world.queue({ integration, group, sequence, severity, message: { alerts } })
      }
      await step(1.2)
    }
    for (let rest = 0; rest < 40 && (await open()) > 0; rest += 1) await step(3)

    async function open(): Promise<number> {
      return (await world.rows()).filter(({ state }) => !['delivered', 'merged'].includes(state)).length
    }
    const rows = await world.rows()
    const byId = new Map(rows.map((row) => [row.id, row]))
    expect(rows).toHaveLength(1000)
    const lost = rows.filter((row) => {
      let told = row
      while (told.merged_into !== null) {
        const into = byId.get(told.merged_into)
        if (into === undefined) return true
        told = into
      }
      return told.state !== 'delivered'
    })
    expect(lost).toEqual([])
    expect(limits.map(({ refusals }) => refusals())).toEqual([0, 0])
    const { rows: log } = await world.database.db.query<{ sequence: number }>(
      'SELECT DISTINCT sequence FROM tds_notification_log',
    )
    expect(log).toEqual([{ sequence: 50 }])
    const { rows: critical } = await world.database.db.query<{ worst: number }>(
      `SELECT max(extract(epoch FROM finished_at - created_at))::float8 AS worst FROM tds_notifications
        WHERE alert_ids = '{}' AND message->'alerts'->0->>'severity' = 'critical'`,
    )
    expect(critical[0]?.worst).toBeLessThanOrEqual(5)
    await world.stop()
    await Promise.all([slack.stop(), telegram.stop()])
  }, 240_000)
})

import { randomUUID } from 'node:crypto'
import { webhookReceiver } from '../receivers/webhook/webhook-receiver.ts'
import { deliveryWorld } from '../testing/delivery-world.ts'
import { startHttpPeer } from '../testing/http-peer.ts'
import { deliverDue } from './deliver-due.ts'
import type { DeliveryParts } from './delivery-parts.ts'
import { send } from './send.ts'
import { settle } from './settle.ts'
import { takeNext } from './take-next.ts'

async function setup() {
  const peer = await startHttpPeer({ status: 204 })
  const receiver = webhookReceiver({ url: `${peer.url}/x`, secret: 's', allowLoopback: true })
  const world = await deliveryWorld([{ ...receiver, limits: [] }])
  const [lane] = world.parts.receivers
  if (lane === undefined) throw new Error('no receiver')
  return {
    ...world,
    peer,
    lane,
    another: (): DeliveryParts => ({ ...world.parts, holder: randomUUID() }),
    ids: () => peer.requests.map(({ headers }) => String(headers['webhook-id'])),
    end: async () => {
      await world.stop()
      await peer.stop()
    },
  }
}

const signal = new AbortController().signal

describe('AL-32: an alerter is killed at random points', () => {
  it('delivers everything at least once, twice at most once a kill, and in order', async () => {
    const { parts, lane, another, queue, clock, ids, rows, end } = await setup()
    const order = new Map<string, number>()
    let random = 7
    function chance(): number {
      random = (random * 48_271) % 2_147_483_647
      return random / 2_147_483_647
    }
    let kills = 0
    for (let sequence = 1; sequence <= 120; sequence += 1) {
      order.set(await queue({ integration: 'webhook', group: 'g', sequence }), sequence)
      const dying = another()
      if (kills < 100) {
        // Killed after it has taken a message: before it is sent, or before that is written down.
        const taken = await takeNext(dying, lane)
        if (typeof taken !== 'string') {
          kills += 1
          if (chance() < 0.5) await send(dying, lane, { taken, signal })
        }
      } else await deliverDue(dying, lane, signal)
      if (chance() < 0.5) await clock.advance('61 seconds')
      if (chance() < 0.3) await deliverDue(parts, lane, signal)
    }
    await clock.advance('61 seconds')
    for (let pass = 0; pass < 20; pass += 1) await deliverDue(parts, lane, signal)
    expect((await rows()).filter(({ state }) => state !== 'delivered')).toEqual([])
    const seen = ids()
    expect(new Set(seen).size).toBe(120)
    expect(seen.length - 120).toBeLessThanOrEqual(kills)
    const firsts = [...new Set(seen)].map((id) => order.get(id) ?? 0)
    expect(firsts).toEqual([...firsts].sort((a, b) => a - b))
    await end()
  }, 120_000)
})

describe('a lease', () => {
  it('lets only its holder finish a message: who was overtaken writes nothing', async () => {
    const { parts, lane, another, queue, clock, row, end } = await setup()
    const id = await queue({ integration: 'webhook' })
    const frozen = another()
    const taken = await takeNext(frozen, lane)
    if (typeof taken === 'string') throw new Error(taken)
    await clock.advance('61 seconds')
    await deliverDue(parts, lane, signal)
    const late = await settle(frozen, {
      lease: taken.lease,
      integration: 'webhook',
      receiver: 'everyone/webhook',
      kind: 'firing',
      attempt: 0,
      isPlain: false,
      isInterrupted: false,
      result: { class: 'broken', providerStatus: '403', detail: null, retryAfterMs: null },
    })
    expect(late).toBe(false)
    expect(await row(id)).toMatchObject({ state: 'delivered', outcome: 'success' })
    await end()
  })

  it('is given back unburnt by an alerter that is stopped while it sends', async () => {
    const { parts, lane, peer, queue, row, end } = await setup()
    peer.willAnswer('hang')
    const id = await queue({ integration: 'webhook' })
    const stop = new AbortController()
    const passing = deliverDue(parts, lane, stop.signal)
    await peer.untilAsked(1)
    stop.abort()
    await passing
    expect(await row(id)).toMatchObject({ state: 'waiting', attempt: 0, waits_s: 0 })
    await deliverDue(parts, lane, signal)
    expect(await row(id)).toMatchObject({ state: 'delivered' })
    await end()
  })

  it('is not taken from somebody who still has it', async () => {
    const { parts, lane, another, queue, clock, end } = await setup()
    await queue({ integration: 'webhook' })
    await takeNext(another(), lane)
    await clock.advance('59 seconds')
    expect(await takeNext(parts, lane)).toBe('nothing due')
    await end()
  })

  it('is given to one of many who ask at once', async () => {
    const { lane, another, queue, end } = await setup()
    await queue({ integration: 'webhook' })
    const answers = await Promise.all(Array.from({ length: 6 }, () => takeNext(another(), lane)))
    expect(answers.filter((answer) => typeof answer !== 'string')).toHaveLength(1)
    await end()
  })
})

describe('the order within a group', () => {
  it('holds back what follows a message that waits for its next attempt, and nothing else', async () => {
    const { lane, parts, peer, queue, row, clock, end } = await setup()
    peer.willAnswer({ status: 500 })
    const first = await queue({ integration: 'webhook', group: 'g', sequence: 1 })
    const second = await queue({ integration: 'webhook', group: 'g', sequence: 2, severity: 'critical' })
    const elsewhere = await queue({ integration: 'webhook', group: 'h', sequence: 1 })
    await deliverDue(parts, lane, signal)
    expect(await row(first)).toMatchObject({ state: 'waiting' })
    expect(await row(second)).toMatchObject({ state: 'queued' })
    expect(await row(elsewhere)).toMatchObject({ state: 'delivered' })
    await clock.advance('10 seconds')
    await deliverDue(parts, lane, signal)
    expect(await row(second)).toMatchObject({ state: 'delivered' })
    await end()
  })

  it('holds where the clock was set back between two messages', async () => {
    const { lane, parts, queue, clock, ids, end } = await setup()
    const first = await queue({ integration: 'webhook', group: 'g', sequence: 1 })
    await clock.advance('-30 seconds')
    const second = await queue({ integration: 'webhook', group: 'g', sequence: 2 })
    await clock.advance('40 seconds')
    await deliverDue(parts, lane, signal)
    await deliverDue(parts, lane, signal)
    expect(ids()).toEqual([first, second])
    await end()
  })

  it('lets nothing be taken along past a message that is not due yet', async () => {
    const { lane, parts, queue, row, database, end } = await setup()
    const narrow = { ...lane, limits: [{ key: 'one', capacity: 1, perSecond: 0.001 }] }
    const carrier = await queue({ integration: 'webhook', group: 'h', severity: 'error' })
    const first = await queue({ integration: 'webhook', group: 'g', sequence: 1 })
    const later = await queue({ integration: 'webhook', group: 'g', sequence: 2 })
    const behind = await queue({ integration: 'webhook', group: 'g', sequence: 3 })
    await database.db.query(
      "UPDATE tds_notifications SET not_before = tds_now() + interval '1 hour' WHERE id = $1",
      [later],
    )
    await deliverDue(parts, narrow, signal)
    expect(await row(first)).toMatchObject({ state: 'merged', merged_into: carrier })
    expect(await row(later)).toMatchObject({ state: 'queued' })
    expect(await row(behind)).toMatchObject({ state: 'queued' })
    await end()
  })
})

describe('what was delivered', () => {
  it('is in the log of its group and in the story of its alerts, with what was merged into it', async () => {
    const { parts, lane, queue, alert, database, end, row } = await setup()
    const narrow = { ...lane, limits: [{ key: 'one', capacity: 1, perSecond: 0.001 }] }
    const [one, two] = [await alert('queue_backlog'), await alert('sync_lag')]
    const carrier = await queue({
      integration: 'webhook',
      group: 'g',
      severity: 'error',
      sequence: 3,
      alertIds: [one],
      firing: { f: one },
    })
    const merged = await queue({
      integration: 'webhook',
      group: 'h',
      sequence: 8,
      alertIds: [two],
      firing: { e: two },
    })
    await deliverDue(parts, narrow, signal)
    expect(await row(merged)).toMatchObject({ state: 'merged', merged_into: carrier })
    const log = await database.db.query(
      'SELECT group_key, receiver, firing, severity, sequence FROM tds_notification_log ORDER BY 1',
    )
    expect(log.rows).toEqual([
      {
        group_key: 'g',
        receiver: 'everyone/webhook',
        firing: `{"f": "${one}"}`,
        severity: 'error',
        sequence: 3,
      },
      {
        group_key: 'h',
        receiver: 'everyone/webhook',
        firing: `{"e": "${two}"}`,
        severity: 'warning',
        sequence: 8,
      },
    ])
    const story = await database.db.query<{ rule: string; event: string }>(
      'SELECT rule, event, receiver FROM tds_alert_timeline ORDER BY rule',
    )
    expect(story.rows).toEqual([
      { rule: 'queue_backlog', event: 'delivered', receiver: 'everyone/webhook' },
      { rule: 'sync_lag', event: 'delivered', receiver: 'everyone/webhook' },
    ])
    await end()
  })
})

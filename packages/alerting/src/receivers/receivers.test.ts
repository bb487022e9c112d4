import { captureLogs } from '@tds/runtime/testing'
import { aDelivery, aMessage, anAlert } from '../testing/messages.ts'
import { canary, receiverCases, type Behaviour } from '../testing/receiver-cases.ts'
import { integrations, type DeliveryResult } from './receiver.ts'

const hostile =
  '<script>alert(1)</script><b>x</b> <!channel> <@U123> @here @everybody <https://evil.test|click> &lt;\r\nBcc: evil@evil.test\r\n\u202Egnp.exe\u2066\u200E\u0000'
const arabicText = 'المنتج «قهوة» ١٢٣ ‌نص'

describe('receiver cases', () => {
  it('hold every integration', () => {
    expect(receiverCases.map(({ integration }) => integration).sort()).toEqual([...integrations].sort())
  })
})

describe.each(receiverCases)('the receiver $integration', ({ integration, start }) => {
  async function within<T>(
    use: (world: Awaited<ReturnType<typeof start>>) => Promise<T>,
    timeoutMs = 5000,
  ): Promise<T> {
    const world = await start({ timeoutMs })
    try {
      return await use(world)
    } finally {
      await world.stop()
    }
  }

  it('tells state, severity, rule, value, threshold, since, duration, count, links, environment and id', async () => {
    await within(async ({ receiver, texts }) => {
      expect(await receiver.deliver(aDelivery())).toMatchObject({ class: 'success' })
      const [text = ''] = texts()
      for (const part of [
        'firing',
        'warning',
        'queue_backlog',
        '1234',
        '1000',
        '2026-01-01 11:55:00 UTC',
        '5 min',
        '1 firing, 0 resolved',
        'https://docs.example.test/alerts/queue_backlog',
        'https://tds.example.test/alerts/1',
        'demo',
        '0b0e7e5a-1111-4222-8333-444455556666',
      ])
        expect(text).toContain(part)
    })
  })

  it.each<[Behaviour, DeliveryResult['class']]>([
    ['ok', 'success'],
    ['pause', 'pause'],
    ['retry', 'retry'],
    ['payload', 'payload'],
    ['broken', 'broken'],
    ['reset', 'retry'],
  ])('says of a provider that does "%s" that it is a %s', async (behaviour, expected) => {
    await within(async ({ receiver, willDo }) => {
      willDo(behaviour)
      expect(await receiver.deliver(aDelivery())).toMatchObject({ class: expected })
    })
  })

  it('sends what was refused once more without markup, and shorter', async () => {
    await within(async ({ receiver, willDo, texts }) => {
      const alerts = Array.from({ length: 20 }, (_, index) =>
        anAlert({ labels: { type: `t${String(index)}` } }),
      )
      const message = aMessage({ alerts, more: 40, counts: { firing: 60, resolved: 0 } })
      willDo('payload', 'ok')
      const first = await receiver.deliver(aDelivery({ message }))
      expect(first.class).toBe('payload')
      expect(await receiver.deliver(aDelivery({ message, isPlain: true }))).toMatchObject({
        class: 'success',
      })
      const [rich = '', plain = ''] = texts()
      expect(plain.length).toBeLessThan(rich.length)
      expect(plain).toContain('+ 60 more')
      expect(plain).not.toMatch(/<(?:b|table|a) ?/)
    })
  })

  it('names twenty alerts and counts the others', async () => {
    await within(async ({ receiver, texts }) => {
      const alerts = Array.from({ length: 20 }, (_, index) =>
        anAlert({ labels: { type: `t${String(index)}x` } }),
      )
      const message = aMessage({ alerts, more: 40, counts: { firing: 60, resolved: 0 } })
      expect(await receiver.deliver(aDelivery({ message }))).toMatchObject({ class: 'success' })
      const [text = ''] = texts()
      expect(alerts.filter(({ labels }) => text.includes(`type=${String(labels['type'])}`))).toHaveLength(20)
      expect(text).toContain('+ 40 more')
      expect(text).toContain('60 firing')
    })
  })

  it('cuts the list of giant alerts to fit, never head, counts or links', async () => {
    await within(async ({ receiver, texts }) => {
      const giant = 'ü'.repeat(10_000)
      const alerts = Array.from({ length: 20 }, () =>
        anAlert({ title: giant, labels: { a: giant, b: giant } }),
      )
      const message = aMessage({ alerts, more: 5, counts: { firing: 25, resolved: 0 } })
      expect(await receiver.deliver(aDelivery({ message }))).toMatchObject({ class: 'success' })
      const [text = ''] = texts()
      expect(text).toContain('25 firing')
      expect(text).toContain('https://tds.example.test/alerts/1')
      expect(text).toContain('queue_backlog')
      expect(text).not.toContain('ü'.repeat(201))
    })
  })

  it('AL-44: leaves hostile text inert', async () => {
    await within(async ({ receiver, texts }) => {
      const message = aMessage({
        environment: hostile,
        reason: hostile,
        alerts: [anAlert({ title: hostile, labels: { name: hostile }, facts: { fact: hostile } }), anAlert()],
        alertUrl: 'javascript:alert(1)',
      })
      expect(await receiver.deliver(aDelivery({ message }))).toMatchObject({ class: 'success' })
      const [text = ''] = texts()
      expect(text).toContain('alert(1)')
      // eslint-disable-next-line no-control-regex -- control characters are what must not be there
      expect(text.replaceAll('\u2060', '')).not.toMatch(/[\u0000-\u0008\u200E\u202A-\u202E\u2066-\u2069]/)
      expect(text).not.toMatch(/^Bcc:/m)
      if (integration === 'webhook') return
      expect(text.replace(/^\[.*$/gm, '')).not.toContain('javascript:')
    })
  })

  it('delivers Arabic intact', async () => {
    await within(async ({ receiver, texts }) => {
      const message = aMessage({
        alerts: [anAlert({ title: arabicText, rule: 'other', labels: { name: arabicText } })],
      })
      expect(await receiver.deliver(aDelivery({ message, language: 'ar' }))).toMatchObject({
        class: 'success',
      })
      const [text = ''] = texts()
      expect(text).toContain(arabicText)
      expect(text).toContain('تنبيه جديد')
    })
  })

  it.each<Behaviour>(['ok', 'pause', 'retry', 'payload', 'broken', 'reset', 'hang'])(
    'AL-45: shows no secret in result or log when its provider does "%s"',
    async (behaviour) => {
      const logs = captureLogs()
      await within(async ({ receiver, willDo }) => {
        willDo(behaviour)
        const result = await receiver.deliver(aDelivery())
        expect(JSON.stringify(result)).not.toContain(canary)
        expect(receiver.shownAddress).not.toContain(canary)
        expect(logs.text()).not.toContain(canary)
      }, 1500)
    },
  )

  it('gives up a provider that says nothing, and may try again', async () => {
    await within(async ({ receiver, willDo }) => {
      willDo('hang')
      expect(await receiver.deliver(aDelivery())).toMatchObject({ class: 'retry', retryAfterMs: null })
      expect(await receiver.deliver(aDelivery())).toMatchObject({ class: 'success' })
    }, 1500)
  })

  it('breaks off at its signal', async () => {
    await within(async ({ receiver, willDo }) => {
      willDo('hang')
      const startedMs = performance.now()
      const result = await receiver.deliver(aDelivery({ signal: AbortSignal.timeout(100) }))
      expect(result).toMatchObject({ class: 'retry', detail: 'interrupted' })
      expect(performance.now() - startedMs).toBeLessThan(4000)
    })
  })

  it('says how long to wait where its provider named it', async () => {
    await within(async ({ receiver, willDo }) => {
      willDo('pause')
      const result = await receiver.deliver(aDelivery())
      expect(result).toMatchObject({ class: 'pause', retryAfterMs: integration === 'email' ? null : 7000 })
    })
  })
})

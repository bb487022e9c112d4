import { createHmac } from 'node:crypto'
import { startHttpPeer } from '../../testing/http-peer.ts'
import { aDelivery } from '../../testing/messages.ts'
import { signatureHeaders } from './signature.ts'
import { webhookReceiver } from './webhook-receiver.ts'

describe('signatureHeaders', () => {
  it('agree with the example of Standard Webhooks', () => {
    const headers = signatureHeaders('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', {
      id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      timestamp: 1614265330,
      body: '{"test": 2432232314}',
    })
    expect(headers).toEqual({
      'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      'webhook-timestamp': '1614265330',
      'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    })
  })
})

describe('the webhook receiver', () => {
  it('signs exactly the bytes that it sends', async () => {
    const peer = await startHttpPeer({ status: 204 })
    const receiver = webhookReceiver({ url: `${peer.url}/x`, secret: 'plain secret', allowLoopback: true })
    await receiver.deliver(aDelivery())
    const [request] = peer.requests
    const {
      'webhook-id': id,
      'webhook-timestamp': at,
      'webhook-signature': signature,
    } = request?.headers ?? {}
    const signed = `${String(id)}.${String(at)}.${String(request?.body)}`
    expect(signature).toBe(`v1,${createHmac('sha256', 'plain secret').update(signed).digest('base64')}`)
    expect(Math.abs(Number(at) - Date.now() / 1000)).toBeLessThan(60)
    await peer.stop()
  })
})

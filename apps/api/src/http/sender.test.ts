import type { IncomingMessage } from 'node:http'
import { senderReader } from './sender.ts'

const reader = senderReader(['loopback', '10.1.0.0/16', '2001:db8::/32', '192.0.2.1'])

describe('senderReader', () => {
  it.each<[string, string | undefined, string | undefined, string | null]>([
    ['the peer itself, where nothing is forwarded', '127.0.0.1', undefined, '127.0.0.1'],
    ['what a trusted proxy says', '127.0.0.1', '203.0.113.9', '203.0.113.9'],
    ['the peer, whatever a stranger says', '203.0.113.5', '198.51.100.1', '203.0.113.5'],
    ['the last address that no proxy of ours wrote', '::1', '1.2.3.4, 203.0.113.9, 10.1.2.3', '203.0.113.9'],
    ['the proxy nearest to the sender, if all are ours', '127.0.0.1', '10.1.2.3, 192.0.2.1', '10.1.2.3'],
    ['nothing left of what is no address', '127.0.0.1', '203.0.113.9, unknown, 10.1.2.3', '10.1.2.3'],
    ['the peer, where nothing forwarded is an address', '127.0.0.1', '<script>', '127.0.0.1'],
    ['IPv4 written as such on a dual-stack socket', '::ffff:127.0.0.1', '::ffff:203.0.113.9', '203.0.113.9'],
    ['an IPv6 sender', '2001:db8::7', '2606:4700::1', '2606:4700::1'],
    ['nobody, once the peer has gone', undefined, '203.0.113.9', null],
  ])('takes for the address %s', (_what, peer, forwarded, address) => {
    expect(reader(requestFrom(peer, { 'x-forwarded-for': forwarded })).address).toBe(address)
  })

  it('takes a request id along only from a proxy it trusts', () => {
    const headers = { 'x-request-id': 'abc.DEF_1-2' }
    expect(reader(requestFrom('127.0.0.1', headers)).requestId).toBe('abc.DEF_1-2')
    expect(reader(requestFrom('203.0.113.5', headers)).requestId).toMatch(uuid)
  })

  it.each(['', ' ', '-a', 'a b', 'a\nb', 'a"b', 'ä', 'a'.repeat(65)])(
    'makes an id of its own in place of %j',
    (given) => {
      expect(reader(requestFrom('127.0.0.1', { 'x-request-id': given })).requestId).toMatch(uuid)
    },
  )

  it('gives every request another id', () => {
    const request = requestFrom('127.0.0.1', {})
    expect(reader(request).requestId).not.toBe(reader(request).requestId)
  })
})

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

function requestFrom(
  remoteAddress: string | undefined,
  headers: Record<string, string | undefined>,
): IncomingMessage {
  return { socket: { remoteAddress }, headers } as unknown as IncomingMessage
}

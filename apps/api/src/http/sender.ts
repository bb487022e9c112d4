import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { BlockList, isIP } from 'node:net'
import type { Socket } from 'node:net'

/** Who sent a request, as far as it can be believed. */
export interface Sender {
  /** Address of the sender; what a trusted proxy says of it, or the peer's own. Null once the peer has gone. */
  readonly address: string | null
  /** Ties the request's log lines, rows and answers together. */
  readonly requestId: string
}

/** Tells who sent a request. Only the proxies named may speak for others, or bring a request id along. */
export function senderReader(trustedProxies: readonly string[]): (request: IncomingMessage) => Sender {
  const isTrusted = trustOf(trustedProxies)
  // A connection carries many requests, and its peer stays the same.
  const peers = new WeakMap<Socket, { address: string | null; trusted: boolean }>()

  function peerOf(socket: Socket) {
    const known = peers.get(socket)
    if (known !== undefined) return known
    const address = plainAddress(socket.remoteAddress)
    const peer = { address, trusted: address !== null && isTrusted(address) }
    peers.set(socket, peer)
    return peer
  }

  return (request) => {
    const peer = peerOf(request.socket)
    if (!peer.trusted) return { address: peer.address, requestId: randomUUID() }
    const { 'x-forwarded-for': forwarded, 'x-request-id': requestId } = request.headers
    return {
      address:
        forwarded === undefined ? peer.address : (forwardedAddress(forwarded, isTrusted) ?? peer.address),
      requestId: typeof requestId === 'string' && isSaneId(requestId) ? requestId : randomUUID(),
    }
  }
}

// From the right, because everything left of the first address that is not a proxy of ours was written by a stranger.
function forwardedAddress(header: string | string[], isTrusted: (address: string) => boolean): string | null {
  let nearest: string | null = null
  for (const entry of String(header).split(',').reverse()) {
    const address = plainAddress(entry.trim())
    if (address === null) return nearest
    nearest = address
    if (!isTrusted(address)) return nearest
  }
  return nearest
}

function isSaneId(text: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(text)
}

/** An IPv4 peer of a dual-stack socket is written as IPv6; one spelling is enough. */
function plainAddress(text: string | undefined): string | null {
  const address = text?.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '')
  return address !== undefined && isIP(address) !== 0 ? address : null
}

function trustOf(proxies: readonly string[]): (address: string) => boolean {
  const list = new BlockList()
  for (const proxy of proxies.flatMap((entry) => (entry === 'loopback' ? ['127.0.0.0/8', '::1'] : [entry]))) {
    const [address = '', prefix] = proxy.split('/')
    const family = familyOf(address)
    if (prefix === undefined) list.addAddress(address, family)
    else list.addSubnet(address, Number(prefix), family)
  }
  return (address) => list.check(address, familyOf(address))
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 6 ? 'ipv6' : 'ipv4'
}

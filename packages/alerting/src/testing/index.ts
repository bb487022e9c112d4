export { startHttpPeer, type HttpPeer, type PeerAnswer, type PeerRequest } from './http-peer.ts'

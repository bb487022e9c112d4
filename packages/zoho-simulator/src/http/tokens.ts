import { randomBytes } from 'node:crypto'
import type { SimulatorClock } from '../clock.ts'
import type { Switches } from '../switches/switches.ts'

/** Access tokens: handed out, checked, ended. */
export interface Tokens {
  /** A new access token, or null while the throttle holds. */
  issue(): string | null
  isLive(accessToken: string): boolean
  /** Ends one token, or all of them: the next call with it answers 401/57. */
  revoke(accessToken?: string): void
  /** Which token of this run it is, from 1; null for one that was never handed out. */
  numberOf(accessToken: string): number | null
  /** How many were handed out since the start. */
  issued(): number
  /** How many live now. */
  living(): number
}

/** Keeps the tokens of the one refresh token that the simulator knows. */
export function accessTokens(clock: SimulatorClock, switches: Readonly<Switches>): Tokens {
  const expiries = new Map<string, number>()
  const numbers = new Map<string, number>()
  let issueTimes: number[] = []
  return {
    issue: () => {
      const now = clock.nowMs()
      const { tokensPerTenMinutes, tokenLifeSeconds, liveTokens } = switches
      issueTimes = issueTimes.filter((time) => time > now - tenMinutes)
      if (tokensPerTenMinutes !== null && issueTimes.length >= tokensPerTenMinutes) return null
      issueTimes.push(now)
      const token = `1000.${randomBytes(16).toString('hex')}.${randomBytes(16).toString('hex')}`
      numbers.set(token, numbers.size + 1)
      for (const [old, expiry] of expiries) if (expiry <= now) expiries.delete(old)
      expiries.set(token, now + tokenLifeSeconds * 1000)
      endOldest(expiries, liveTokens)
      return token
    },
    isLive: (token) => (expiries.get(token) ?? 0) > clock.nowMs(),
    revoke: (token) => {
      if (token === undefined) expiries.clear()
      else expiries.delete(token)
    },
    numberOf: (token) => numbers.get(token) ?? null,
    issued: () => numbers.size,
    living: () => [...expiries.values()].filter((expiry) => expiry > clock.nowMs()).length,
  }
}

const tenMinutes = 600_000

function endOldest(expiries: Map<string, number>, liveTokens: number): void {
  for (const token of expiries.keys()) {
    if (expiries.size <= liveTokens) return
    expiries.delete(token)
  }
}

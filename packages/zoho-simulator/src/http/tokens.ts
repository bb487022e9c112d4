import { randomBytes } from 'node:crypto'
import type { SimulatorClock } from '../clock.ts'
import type { Settings } from '../options.ts'

/** Access tokens: handed out, checked, ended. */
export interface Tokens {
  /** A new access token, or null while the throttle holds. */
  issue(): string | null
  isLive(accessToken: string): boolean
  /** Ends one token, or all of them: the next call with it answers 401/57. */
  revoke(accessToken?: string): void
  /** How many were handed out since the start. */
  issued(): number
}

/** The life of an access token, in seconds. */
export const tokenLifeSeconds = 3600

/** Keeps the tokens of the one refresh token that the simulator knows. */
export function accessTokens(
  clock: SimulatorClock,
  { liveTokens, tokenThrottle }: Pick<Settings, 'liveTokens' | 'tokenThrottle'>,
): Tokens {
  const expiries = new Map<string, number>()
  let issueTimes: number[] = []
  let issued = 0
  return {
    issue: () => {
      const now = clock.nowMs()
      issueTimes = issueTimes.filter((time) => time > now - tenMinutes)
      if (tokenThrottle !== null && issueTimes.length >= tokenThrottle.perTenMinutes) return null
      issueTimes.push(now)
      issued++
      const token = `1000.${randomBytes(16).toString('hex')}.${randomBytes(16).toString('hex')}`
      expiries.set(token, now + tokenLifeSeconds * 1000)
      endOldest(expiries, liveTokens)
      return token
    },
    isLive: (token) => (expiries.get(token) ?? 0) > clock.nowMs(),
    revoke: (token) => {
      if (token === undefined) expiries.clear()
      else expiries.delete(token)
    },
    issued: () => issued,
  }
}

const tenMinutes = 600_000

function endOldest(expiries: Map<string, number>, liveTokens: number): void {
  for (const token of expiries.keys()) {
    if (expiries.size <= liveTokens) return
    expiries.delete(token)
  }
}

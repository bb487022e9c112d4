import { readClockRequest } from '../clock-request.ts'
import type { ControlRoute } from '../control-route.ts'

/** Time, and what ends with it. */
export const timeRoutes: readonly ControlRoute[] = [
  {
    method: 'POST',
    path: '/clock',
    tells:
      'Moves the clock: one of `{advanceSeconds}`, `{to}` a time, `{until}` `midnight` or `offset-change`; `{rate}` lets it run faster, or stand still at 0.',
    handle: ({ control, body }) => {
      control.moveClock(readClockRequest(body()))
      return { body: { now: control.state().now } }
    },
  },
  {
    method: 'DELETE',
    path: '/tokens',
    tells: 'Ends every access token: the next call with one answers 401/57.',
    handle: ({ control }) => {
      control.expireTokens()
      return { body: { status: 'expired' } }
    },
  },
]

import { simulatorClock } from './clock.ts'
import type { ControlParts } from './control/control.ts'
import { detailLag } from './drift/detail-lag.ts'
import { followBalances } from './drift/follow-balances.ts'
import { followStock } from './drift/follow-stock.ts'
import { settleOverdue } from './drift/overdue.ts'
import { pageShifts } from './drift/page-shifts.ts'
import { silentChanges } from './drift/silent-changes.ts'
import { faultBook } from './faults/fault-book.ts'
import { createApi } from './http/api.ts'
import type { AppParts } from './http/app.ts'
import { accessTokens } from './http/tokens.ts'
import { callCounters } from './journal/counters.ts'
import { openJournal } from './journal/journal.ts'
import { callLimits } from './limits/call-limits.ts'
import { meanwhileChanges } from './mutations/meanwhile.ts'
import type { Settings } from './options.ts'
import type { Switchboard } from './switches/switchboard.ts'
import { postOffice } from './webhooks/post-office.ts'
import { buildWorld } from './world/build-world.ts'

/** The parts of a simulator, put together. */
export interface Assembly extends Omit<AppParts, 'control'> {
  controlParts: ControlParts
}

/** Builds the world and everything around it; `apiDomain` is where the simulator answers. */
export function assemble(
  { settings, switchboard }: { settings: Settings; switchboard: Switchboard },
  apiDomain: () => string,
): Assembly {
  const switches = switchboard.values
  const { seed } = settings
  const clock = simulatorClock(settings.clock)
  const world = buildWorld({ ...settings, clock })
  const { zone } = world
  const tokens = accessTokens(clock, switches)
  const limits = callLimits(clock, zone, switches)
  const silent = silentChanges(world)
  const lag = detailLag(world, switches)
  const faults = faultBook(clock, seed)
  const meanwhile = meanwhileChanges(world)
  const counters = callCounters()
  const journal = openJournal((entry) => counters.count(entry))
  const post = postOffice({ clock, zone, seed, switches, lag })
  const settle = () => {
    if (switches.overdueByCalendar) settleOverdue(world, silent)
  }
  world.listeners.push(
    (change) => lag.begin(change),
    (change) => {
      if (switches.balancesFollowDocuments) followBalances(world, change, silent)
      if (switches.stockFollowsDocuments) followStock(world, change, silent)
    },
  )
  const shifts = pageShifts(world, { seed, switches, silent })
  const answer = createApi({ world, settings, switches, tokens, limits, lag, shifts, ledger: post.ledger })
  return {
    api: (request) => {
      settle()
      return answer(request)
    },
    serve: { world, switches, tokens, limits, faults, meanwhile, journal },
    oauth: { settings, switchboard, tokens, apiDomain },
    controlParts: {
      world,
      settings,
      switchboard,
      tokens,
      limits,
      lag,
      silent,
      faults,
      meanwhile,
      journal,
      counters,
      post,
      settle,
    },
  }
}

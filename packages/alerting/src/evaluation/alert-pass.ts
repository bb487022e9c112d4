import { z } from 'zod'
import { databaseTime, type Database, type LeaderLease } from '@tds/db'
import { childLogger } from '@tds/runtime'
import { flushGroups } from '../dispatch/flush-groups.ts'
import type { FlushParts } from '../dispatch/flush-parts.ts'
import type { Routing } from '../dispatch/routes.ts'
import { tellMissed } from '../dispatch/tell-missed.ts'
import type { SettledRule } from '../rules/rule-settings.ts'
import type { AlertRule } from '../rules/rule.ts'
import { clockWatch, type ClockWatch } from './clock-watch.ts'
import { evaluate } from './evaluate.ts'

const log = childLogger('alerting:pass')

/** What passes need. */
export interface AlertPassParts extends Omit<FlushParts, 'lease' | 'routing'> {
  readonly db: Database
  /** The rules as they are set now. */
  readonly rules: () => Promise<readonly SettledRule[]>
  readonly routing: () => Promise<Routing>
  /** Of the business, by its IANA name. */
  readonly timeZone: string
  readonly clock?: ClockWatch
}

/** One pass: every rule is evaluated, then every group that is due is flushed. */
export type AlertPass = (lease: Pick<LeaderLease, 'guard'>) => Promise<Record<string, number>>

/** For how long a jump of the clock is told. */
const jumpToldMs = 60_000

/** Makes passes that remember what one pass must know of the one before. */
export function alertPasses(parts: AlertPassParts): AlertPass {
  const { db, clock = clockWatch() } = parts
  let startedAt: Date | null = null
  let jump: { readonly seconds: number; readonly until: number } | null = null
  const jumpRule: AlertRule = {
    name: 'clock_jump',
    title: 'The clock of the database has jumped',
    timing: { enabled: true, severity: 'warning', forSeconds: 0, keepSeconds: 0 },
    settings: z.unknown(),
    noData: 'clear',
    measure: ({ now }) =>
      Promise.resolve(
        jump === null || now.getTime() > jump.until
          ? []
          : [{ labels: {}, value: jump.seconds, threshold: 30, breaches: true }],
      ),
  }
  const internal: SettledRule = { rule: jumpRule, timing: jumpRule.timing, settings: {}, problems: [] }
  return async (lease) => {
    const now = await databaseTime(db)
    startedAt ??= now
    const seconds = clock.look(now)
    if (seconds !== 0) {
      log.warn('the clock of the database has jumped; ages count again in the next pass', { seconds })
      jump = { seconds, until: now.getTime() + jumpToldMs }
    }
    const routing = await parts.routing()
    const rules = [...(await parts.rules()), internal]
    // What was must not keep anybody from hearing what is.
    const missed = await tellMissed({ ...parts, lease, routing }, rules).catch((error: unknown) => {
      log.error('what came and went while no alerter ran could not be told', { error })
      return 0
    })
    const evaluated = await evaluate({
      db,
      lease,
      rules,
      routing,
      startedAt,
      timeZone: parts.timeZone,
      isHeld: seconds !== 0,
    })
    const { groups, queued } = await flushGroups({ ...parts, lease, routing })
    return { ...evaluated, groups, queued: queued + missed }
  }
}

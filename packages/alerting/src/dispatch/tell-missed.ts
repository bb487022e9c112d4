import { alertingPulse, databaseTime, insertNotification, listEpisodes, type Transaction } from '@tds/db'
import { deliveryLimits } from '../delivery/delivery-parts.ts'
import { listedAlerts, type AlertMessage, type MessageAlert } from '../messages/message.ts'
import { backtest } from '../rules/backtest.ts'
import type { SettledRule } from '../rules/rule-settings.ts'
import { runbookUrl } from '../runbook-url.ts'
import type { FlushParts } from './flush-parts.ts'
import { receiversOf } from './routes.ts'

/** What took no longer is a restart. */
const restartSeconds = 300
const longestSeconds = 7 * 86_400

/**
 * Where no alerter has evaluated for a while, tells in one message what came and went meanwhile, as far as stored numbers
 * show it. What fires still, and what people believed to fire, is told as ever. Returns how many messages that made.
 */
export async function tellMissed(parts: FlushParts, rules: readonly SettledRule[]): Promise<number> {
  return parts.db.transaction(async (tx) => {
    await parts.lease.guard(tx)
    const { evaluated_seconds: seconds } = await alertingPulse(tx)
    if (seconds === null || seconds <= restartSeconds) return 0
    const missed = await missedSince(tx, rules, Math.min(seconds, longestSeconds))
    if (missed.length === 0) return 0
    const message = messageOf(parts, missed, (await databaseTime(tx)).toISOString())
    const ways = receiversOf(parts.routing, parts.routing.routes.at(-1)?.name ?? '', parts.configured)
    for (const way of ways) {
      await insertNotification(tx, {
        ...way,
        kind: message.kind,
        severity: message.severity,
        message,
        expiresInSeconds: deliveryLimits.maximumAge[message.severity] / 1000,
        holder: null,
      })
    }
    return ways.length
  })
}

async function missedSince(
  tx: Transaction,
  rules: readonly SettledRule[],
  seconds: number,
): Promise<MessageAlert[]> {
  const since = new Date((await databaseTime(tx)).getTime() - seconds * 1000).toISOString()
  const known = new Set(
    (await listEpisodes(tx, { active: true, limit: 10_000 })).map((one) => one.alert_type),
  )
  const missed: MessageAlert[] = []
  for (const settled of rules) {
    const { rule, timing } = settled
    if (!timing.enabled || known.has(rule.name)) continue
    const past = await backtest(tx, settled, Math.ceil(seconds / 60))
    for (const { firedAt, resolvedAt, highest } of past?.firings ?? []) {
      if (resolvedAt === null || firedAt < since) continue
      missed.push({
        rule: rule.name,
        title: rule.title,
        labels: {},
        severity: timing.severity,
        state: 'resolved',
        value: highest,
        threshold: rule.stored?.judge(highest, settled.settings).threshold ?? null,
        facts: {},
        since: firedAt,
        endedAt: resolvedAt,
        alertId: null,
      })
    }
  }
  return missed
}

function messageOf(
  { surroundings: { environment, publicUrl } }: FlushParts,
  missed: readonly MessageAlert[],
  at: string,
): AlertMessage {
  const [first] = missed
  return {
    kind: 'digest',
    severity: 'info',
    environment,
    at,
    reason: 'no alerter ran meanwhile',
    repeat: 0,
    alerts: missed.slice(0, listedAlerts),
    more: Math.max(0, missed.length - listedAlerts),
    counts: { firing: 0, resolved: missed.length },
    runbookUrl: first === undefined ? null : runbookUrl(first.rule, publicUrl),
    alertUrl: null,
  }
}

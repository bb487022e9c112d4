import { countWatchedWebhooks, entities, judgeSights, sweepLedger, type DeliveryLedger } from '@tds/core'
import { leaderDuty, webhookCoverage, type Database } from '@tds/db'
import type { Queue } from '@tds/queue'
import { childLogger, counter, gauge, poller, type Service } from '@tds/runtime'

const log = childLogger('worker:webhooks')
const missedWebhooks = counter({
  name: 'tds_webhooks_missed_total',
  help: 'Versions that a read saw first and of which no webhook told within ten minutes, by type.',
  labelNames: ['entity'],
})
const missRatio = gauge({
  name: 'tds_webhook_miss_ratio',
  help: 'Share of the versions of the last 24 hours of which no webhook told in time, by type; 0 where there were none.',
  labelNames: ['entity'],
})
const ledgerFailures = counter({
  name: 'tds_ledger_failures_total',
  help: "Entries of Zoho's list of failed webhooks, by what became of them: a read was asked for (owed), the mirror had seen it or another entry asked already (seen), the kind of record is not mirrored (unknown), or nobody can tell (unreadable, again in every sweep).",
  labelNames: ['became'],
})

/** What watching webhooks needs of the worker. */
export interface WebhookWatcherParts {
  readonly db: Database
  readonly daemonId: string
  readonly queue: Pick<Queue, 'send'>
  readonly organizationId: string
  readonly ledger: DeliveryLedger
  readonly ledgerMinutes: () => number
}

const judgeEveryMs = 60_000
const countEveryMs = 5 * 60_000
/** How often it is looked whether a sweep is due: the setting counts from the last one, whoever made it. */
const sweepLookMs = 20_000
const showEveryMs = 30_000

/** Judges, in one worker of all, whether a webhook told of what reads saw first. */
export function sightJudge({ db, daemonId }: WebhookWatcherParts): Service {
  return leaderDuty({
    name: 'webhook-sights',
    db,
    holder: daemonId,
    everyMs: judgeEveryMs,
    runOnce: async (lease, signal) => {
      const judged = await judgeSights({ db, lease, signal })
      for (const { entity_type: entity, missed } of judged) missedWebhooks.inc({ entity }, missed)
      const sum = (count: 'judged' | 'missed') => judged.reduce((all, one) => all + one[count], 0)
      if (sum('missed') > 0) log.info('webhooks missed', { byType: judged })
      return { judged: sum('judged'), missed: sum('missed') }
    },
  })
}

/** Counts, in one worker of all, the webhooks of each type by the hour. */
export function webhookCounter({ db, daemonId, organizationId }: WebhookWatcherParts): Service {
  return leaderDuty({
    name: 'webhook-counts',
    db,
    holder: daemonId,
    everyMs: countEveryMs,
    runOnce: async (lease, signal) => ({
      webhooks: await countWatchedWebhooks({ db, lease, signal }, organizationId),
    }),
  })
}

/** Reads Zoho's list of failed webhooks, in one worker of all. */
export function ledgerSweeper(parts: WebhookWatcherParts): Service {
  const { db, daemonId, organizationId } = parts
  return leaderDuty({
    name: 'webhook-ledger',
    db,
    holder: daemonId,
    everyMs: sweepLookMs,
    runOnce: async (lease, signal) => {
      const everyMinutes = parts.ledgerMinutes()
      const report = await sweepLedger({ ...parts, lease, signal }, { organizationId, everyMinutes })
      const { failures, owed, unknownModules, unreadable, calls } = report
      ledgerFailures.inc({ became: 'owed' }, owed)
      ledgerFailures.inc({ became: 'seen' }, failures - owed - unknownModules)
      ledgerFailures.inc({ became: 'unknown' }, unknownModules)
      ledgerFailures.inc({ became: 'unreadable' }, unreadable)
      return { calls, failures, owed }
    },
  })
}

/** Shows the share of missed webhooks; each worker tells the same numbers. */
export function missRatioGauge({ db }: WebhookWatcherParts): Service {
  return poller({
    name: 'webhook-miss-ratio',
    everyMs: showEveryMs,
    runOnce: async () => {
      const coverages = new Map((await webhookCoverage(db)).map((one) => [one.entity_type, one]))
      for (const { type, source } of entities) {
        if (!source.webhooks) continue
        const { told = 0, missed = 0 } = coverages.get(type) ?? {}
        missRatio.set({ entity: type }, missed === 0 ? 0 : missed / (told + missed))
      }
      return { types: coverages.size }
    },
  })
}

import { breakerOpen } from './breaker-open.ts'
import { certificateOverdue } from './certificate-overdue.ts'
import { clockSkew } from './clock-skew.ts'
import { conservation } from './conservation.ts'
import { dbConnections } from './db-connections.ts'
import { deadTuples } from './dead-tuples.ts'
import { deletionFuse } from './deletion-fuse.ts'
import { diskFree } from './disk-free.ts'
import { dlqGrowth } from './dlq-growth.ts'
import { dlqOpen } from './dlq-open.ts'
import { failureRate } from './failure-rate.ts'
import { noEvents } from './no-events.ts'
import { oldestTransaction } from './oldest-transaction.ts'
import { quarantineGrowth } from './quarantine-growth.ts'
import { queueBacklog } from './queue-backlog.ts'
import { quotaForecast } from './quota-forecast.ts'
import { receiverBroken } from './receiver-broken.ts'
import { reconciliationDifferences } from './reconciliation-differences.ts'
import { reconciliationOverdue } from './reconciliation-overdue.ts'
import { ruleEvaluationFailed } from './rule-evaluation-failed.ts'
import type { AlertRule } from './rule.ts'
import { sloLatency } from './slo-latency.ts'
import { sloSuccess24h } from './slo-success-24h.ts'
import { spoolNotEmpty } from './spool-not-empty.ts'
import { syncLag } from './sync-lag.ts'
import { tokenRefused } from './token-refused.ts'
import { webhookMissRate } from './webhook-miss-rate.ts'
import { webhookRejected } from './webhook-rejected.ts'
import { workerDown } from './worker-down.ts'
import { workerInstanceDown } from './worker-instance-down.ts'
import { zohoAuthFailed } from './zoho-auth-failed.ts'
import { zohoQuota } from './zoho-quota.ts'

/** Every rule, one line each. */
export const alertRules: readonly AlertRule[] = [
  failureRate,
  queueBacklog,
  syncLag,
  dlqGrowth,
  workerDown,
  workerInstanceDown,
  dlqOpen,
  quarantineGrowth,
  spoolNotEmpty,
  conservation,
  deletionFuse,
  noEvents,
  webhookMissRate,
  webhookRejected,
  sloSuccess24h,
  sloLatency,
  zohoAuthFailed,
  tokenRefused,
  zohoQuota,
  quotaForecast,
  breakerOpen,
  reconciliationOverdue,
  certificateOverdue,
  reconciliationDifferences,
  dbConnections,
  oldestTransaction,
  deadTuples,
  clockSkew,
  diskFree,
  ruleEvaluationFailed,
  receiverBroken,
]

import { openSchemaDrift, qualityStatus, type Database, type DriftCount, type QualityStatus } from '@tds/db'
import type { HealthCheck, HealthResult } from '@tds/runtime'
import { certificateCheck } from './certificate-check.ts'

/** From where on the checking of data counts as standing still; docs/operations/health.md has this number. */
export const dataThresholds = { secondsSincePass: { degraded: 900 } } as const

/**
 * Checks that tell about the data and not about the program. What is odd about the data is told and degrades nothing: it is
 * somebody's work in Zoho and may stay for weeks, and a health that is always degraded hides what is new. That nobody looks
 * any more does degrade.
 */
export function dataChecks(db: Database): HealthCheck[] {
  return [
    { name: 'data quality', check: async () => judgeQuality(await qualityStatus(db)) },
    { name: 'schema drift', check: async () => judgeDrift(await openSchemaDrift(db)) },
    certificateCheck(db),
  ]
}

function judgeQuality({ open, secondsSincePass: since }: QualityStatus): HealthResult {
  const total = open.reduce((sum, { findings }) => sum + findings, 0)
  const facts = {
    open: Object.fromEntries(open.map(({ rule, findings }) => [rule, findings])),
    secondsSincePass: since === null ? null : Math.round(since),
  }
  if (since === null) return { status: 'healthy', detail: 'The mirrored data was not looked at yet.', facts }
  if (since >= dataThresholds.secondsSincePass.degraded) {
    const detail = `The mirrored data was last looked at ${String(Math.round(since))} s ago.`
    return { status: 'degraded', detail, facts }
  }
  if (total === 0) return { status: 'healthy', detail: 'No finding about the data is open.', facts }
  const detail = `${String(total)} findings about the data are open.`
  return { status: 'healthy', detail, facts }
}

function judgeDrift(counts: readonly DriftCount[]): HealthResult {
  const total = counts.reduce((sum, { fields }) => sum + fields, 0)
  const facts = Object.fromEntries(
    counts.map(({ entity_type: type, kind, fields }) => [`${type} ${kind}`, fields]),
  )
  const detail =
    total === 0
      ? 'Every field comes as the definitions say.'
      : `${String(total)} fields come otherwise than the definitions say, and nobody has acknowledged them.`
  return { status: 'healthy', detail, facts }
}

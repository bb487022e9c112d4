import { certificateAges, type CertificateAge, type Queryable } from '@tds/db'
import type { HealthCheck, HealthResult } from '@tds/runtime'
import { entities } from '../entities/index.ts'

/** From where on a proof of equality counts as overdue; docs/operations/health.md has this number. */
export const certificateThresholds = { hoursSinceCertificate: { degraded: 36 } } as const

/** Tells whether each type was proven equal to Zoho lately: a night that was missed shows here, whatever kept the run. */
export function certificateCheck(db: Queryable): HealthCheck {
  const types = entities.map(({ type }) => type)
  return { name: 'certificates', check: async () => judgeCertificates(await certificateAges(db, types)) }
}

function judgeCertificates(ages: readonly CertificateAge[]): HealthResult {
  const loaded = ages.filter(({ loaded_seconds: since }) => since !== null)
  const facts = Object.fromEntries(
    ages.map((age) => [`${age.organization_id} ${age.entity_type}`, hoursOf(age.issued_seconds)]),
  )
  if (loaded.length === 0) {
    return {
      status: 'healthy',
      detail: 'Nothing was loaded from Zoho yet, so there is nothing to prove.',
      facts,
    }
  }
  const overdue = loaded.filter(isOverdue)
  if (overdue.length > 0) {
    const hours = String(certificateThresholds.hoursSinceCertificate.degraded)
    const detail = `No certificate of the last ${hours} hours for ${namesOf(overdue)}.`
    return { status: 'degraded', detail, facts }
  }
  const left = loaded.reduce((sum, age) => sum + age.left, 0)
  const unloaded = ages.filter(({ loaded_seconds: since }) => since === null)
  const rest = unloaded.length === 0 ? '' : ` Not loaded yet: ${namesOf(unloaded)}.`
  const detail =
    left === 0
      ? `Every loaded type has a certificate, or its first one is not due yet.${rest}`
      : `The latest certificates leave ${String(left)} differences that are not repaired.${rest}`
  return { status: 'healthy', detail, facts }
}

/** Before the first certificate, the time since the first load counts. */
function isOverdue({ issued_seconds: issued, loaded_seconds: loaded }: CertificateAge): boolean {
  return (issued ?? loaded ?? 0) >= certificateThresholds.hoursSinceCertificate.degraded * 3600
}

function namesOf(ages: readonly CertificateAge[]): string {
  return [...new Set(ages.map((age) => age.entity_type))].join(', ')
}

function hoursOf(seconds: number | null): number | null {
  return seconds === null ? null : Math.round(seconds / 360) / 10
}

import type { Database, Transaction } from '@tds/db'
import { databaseTime } from '@tds/db'
import { messageOf } from '@tds/runtime'
import { fingerprintOf, usedLabels, type Labels } from '../labels.ts'
import type { SettledRule } from '../rules/rule-settings.ts'
import type { Sample } from '../rules/rule.ts'

/** What a rule said: its samples by fingerprint, or why it could not be measured. */
export interface Measurement {
  readonly settled: SettledRule
  readonly samples: ReadonlyMap<string, Sample>
  readonly error: string | null
}

/** One pass over all rules, all of them seeing one state of the database. */
export interface MeasuredPass {
  readonly now: Date
  readonly measurements: readonly Measurement[]
}

/** Instances of a rule that are looked at one by one; the others are counted. */
const mostInstances = 100

/**
 * Measures every rule in one read-only transaction. A rule that throws spoils no other. Throws what the database threw
 * where there is no measuring at all.
 */
export async function measureRules(
  db: Database,
  o: { readonly rules: readonly SettledRule[]; readonly startedAt: Date; readonly timeZone: string },
): Promise<MeasuredPass> {
  return db.transaction(async (tx) => {
    await tx.query('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY')
    const now = await databaseTime(tx)
    const measurements: Measurement[] = []
    for (const settled of o.rules) measurements.push(await measureOne(tx, settled, { ...o, now }))
    return { now, measurements }
  })
}

async function measureOne(
  tx: Transaction,
  settled: SettledRule,
  o: { readonly now: Date; readonly startedAt: Date; readonly timeZone: string },
): Promise<Measurement> {
  await tx.query('SAVEPOINT rule')
  try {
    const found = await settled.rule.measure({ tx, settings: settled.settings, ...o })
    const samples = byFingerprint(settled.rule.name, bounded(found))
    await tx.query('RELEASE SAVEPOINT rule')
    return { settled, samples, error: null }
  } catch (error) {
    await tx.query('ROLLBACK TO SAVEPOINT rule')
    return { settled, samples: new Map(), error: messageOf(error) }
  }
}

/** The rest becomes one sample, so that it is not dropped without a word. */
function bounded(samples: readonly Sample[]): Sample[] {
  if (samples.length <= mostInstances) return [...samples]
  const worst = [...samples].sort(
    (left, right) => Number(right.breaches) - Number(left.breaches) || (right.value ?? 0) - (left.value ?? 0),
  )
  const rest = worst.slice(mostInstances)
  const overflow: Sample = {
    labels: { overflow: 'true' },
    value: rest.length,
    threshold: mostInstances,
    breaches: rest.some(({ breaches }) => breaches),
    holds: rest.some(({ breaches, holds }) => holds ?? breaches),
  }
  return [...worst.slice(0, mostInstances), overflow]
}

function byFingerprint(rule: string, samples: readonly Sample[]): Map<string, Sample> {
  const all = new Map<string, Sample>()
  for (const sample of samples) {
    const labels: Labels = usedLabels(sample.labels)
    const fingerprint = fingerprintOf(rule, labels)
    if (all.has(fingerprint)) throw new RangeError(`two samples have the labels ${JSON.stringify(labels)}`)
    all.set(fingerprint, { ...sample, labels })
  }
  return all
}

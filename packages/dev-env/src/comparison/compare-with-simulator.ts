import { entities } from '@tds/core'
import type { Queryable } from '@tds/db'
import { type Simulator, writeJson } from '@tds/zoho-simulator'

import { compareRecords, type Verdict } from './compare-records.ts'
import { isJsonRecord, readJsonText } from './exact-text.ts'

/** Compares every record of every registered type with what the simulator holds, as its details would answer now. */
export async function compareWithSimulator(db: Queryable, simulator: Simulator): Promise<Verdict[]> {
  const { organizationId } = simulator.access
  const verdicts: Verdict[] = []
  for (const { type } of entities) {
    const living = simulator
      .truth(type)
      .records.map((record) => readJsonText(writeJson(record.detail)))
      .filter(isJsonRecord)
    verdicts.push(await compareRecords(db, { organizationId, source: { type, living } }))
  }
  return verdicts
}

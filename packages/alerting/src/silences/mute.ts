import { z } from 'zod'
import { activeSilences, type Queryable } from '@tds/db'
import type { Labels } from '../labels.ts'
import { matcherSchema, matches, type Matcher } from '../matchers.ts'

/** A silence in force. */
export interface ActiveSilence {
  readonly id: string
  readonly matchers: readonly Matcher[]
}

const matchersSchema = z.array(matcherSchema)

/** Reads the silences in force now. */
export async function readSilences(tx: Queryable): Promise<ActiveSilence[]> {
  const rows = await activeSilences(tx)
  return rows.map(({ id, matchers }) => ({ id, matchers: readMatchers(matchers) }))
}

/** Reads what a silence catches, as stored. */
export function readMatchers(text: string): Matcher[] {
  return matchersSchema.parse(JSON.parse(text))
}

/** The silence that catches an alert with these labels; null where none does. */
export function silencing(silences: readonly ActiveSilence[], labels: Labels): ActiveSilence | null {
  return silences.find(({ matchers }) => matches(matchers, labels)) ?? null
}

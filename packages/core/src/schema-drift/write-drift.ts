import { recordSchemaDrift, type Database } from '@tds/db'
import { returnNoticedDrift, takeNoticedDrift } from './notice-drift.ts'

/** Writes what this process noticed since the last time. What cannot be written is kept for the next. */
export async function writeNoticedDrift(db: Database): Promise<{ fields: number }> {
  const sightings = takeNoticedDrift()
  try {
    await recordSchemaDrift(db, sightings)
  } catch (error) {
    returnNoticedDrift(sightings)
    throw error
  }
  return { fields: sightings.length }
}

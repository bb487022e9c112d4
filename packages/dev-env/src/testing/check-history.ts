import { createHash } from 'node:crypto'

import { entities, type EntityDefinition } from '@tds/core'
import type { Queryable } from '@tds/db'
import type { RecordType } from '@tds/zoho-simulator'

import {
  comparable,
  isJsonRecord,
  type JsonRecord,
  type JsonText,
  readJsonText,
} from '../comparison/exact-text.ts'
import type { History } from './history.ts'
import { markColumns, markNumber } from './marked-changes.ts'

/**
 * Holds what a driver saw from outside against the rows, once everything has come to rest. Returns what was broken, in
 * words: lost or unfinished events, rows that nobody sent, history that does not explain the rows, versions that went
 * back, counters that do not add up. It never reads what the daemons say of themselves.
 */
export async function brokenPromises(db: Queryable, history: History): Promise<string[]> {
  return [
    ...(await lostEvents(db, history)),
    ...(await phantomEvents(db, history)),
    ...(await unfinishedEvents(db)),
    ...(await brokenChains(db)),
    ...(await unexplainedRows(db)),
    ...(await lostCounts(db)),
  ]
}

/** Every 2xx is a promise. */
async function lostEvents(db: Queryable, { attempts }: History): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>('SELECT id FROM tds_inbox_events')
  const kept = new Set(rows.map(({ id }) => id))
  return attempts
    .filter(({ eventId }) => eventId !== null && !kept.has(eventId))
    .map(
      ({ eventId, status }) =>
        `lost: event ${String(eventId)} was answered ${String(status)} and is not in the inbox`,
    )
}

/** What was refused, or never sent, must not be there. */
async function phantomEvents(db: Queryable, { attempts }: History): Promise<string[]> {
  const { rows } = await db.query<{ id: string; raw_body: Buffer }>(
    'SELECT id, raw_body FROM tds_inbox_events',
  )
  const possible = new Set(
    attempts.filter(({ outcome }) => outcome !== 'refused').map(({ delivery }) => digest(delivery.body)),
  )
  return rows
    .filter(({ raw_body }) => !possible.has(digest(raw_body)))
    .map(({ id }) => `phantom: nobody sent event ${id}`)
}

async function unfinishedEvents(db: Queryable): Promise<string[]> {
  const { rows } = await db.query<{ id: string; status: string }>(
    "SELECT id, status FROM tds_inbox_events WHERE status NOT IN ('applied', 'unchanged', 'stale')",
  )
  const letters = await db.query<{ event_id: string; failure_reason: string }>(
    'SELECT event_id, failure_reason FROM tds_dead_letter_queue',
  )
  return [
    ...rows.map(({ id, status }) => `unfinished: event ${id} is ${status}`),
    ...letters.rows.map((letter) => `dead letter: event ${letter.event_id}, ${letter.failure_reason}`),
  ]
}

interface Entry {
  readonly position: string
  readonly type: RecordType
  readonly id: string
  readonly before: string | null
  readonly after: string
}

/** Each entry begins where the one before ended, and the mark of the latest change never goes back. */
async function brokenChains(db: Queryable): Promise<string[]> {
  const broken: string[] = []
  const latest = new Map<string, { state: string; mark: number }>()
  for (const entry of await auditTrail(db)) {
    const name = `${entry.type} ${entry.id}`
    const known = latest.get(name)
    const state = stateOf(entry.after)
    const before = entry.before === null ? null : comparable(stateOf(entry.before))
    if (before !== (known?.state ?? null))
      broken.push(`history: entry ${entry.position} of ${name} does not follow on the one before`)
    const mark = markNumber(state[markColumns.get(entry.type) ?? '']) ?? known?.mark ?? 0
    if (mark < (known?.mark ?? 0))
      broken.push(
        `went back: entry ${entry.position} of ${name}, from ${String(known?.mark)} to ${String(mark)}`,
      )
    latest.set(name, { state: comparable(state), mark })
  }
  return broken
}

/** A row is what its last entry says, and counts as many changes as it has entries. */
async function unexplainedRows(db: Queryable): Promise<string[]> {
  const entries = Map.groupBy(await auditTrail(db), ({ type, id }) => `${type} ${id}`)
  const broken: string[] = []
  for (const { type, table, columns } of entities) {
    const { rows } = await db.query<Record<string, Stored>>(`SELECT * FROM ${table}`)
    for (const row of rows) {
      const name = `${type} ${String(row['zoho_id'])}`
      const own = entries.get(name) ?? []
      if (row['version'] !== own.length)
        broken.push(
          `audit: ${name} is at version ${String(row['version'])} with ${String(own.length)} entries`,
        )
      const last = own.at(-1)
      const state = last === undefined ? {} : stateOf(last.after)
      const unlike = columns.filter(
        (column) => !isAsTold(column, state[column.name], row[column.name] ?? null),
      )
      if (unlike.length > 0)
        broken.push(
          `audit: ${name} differs from its last entry in ${unlike.map((one) => one.name).join(', ')}`,
        )
      if ((state['deleted'] === 'true') !== (row['deleted_at'] !== null))
        broken.push(`audit: ${name} is not deleted as its last entry says`)
    }
  }
  return broken
}

/** A value as the driver gives it; JSON comes as its text. */
type Stored = string | number | boolean | null

/** An entry holds values as text, and JSON as JSON. */
function isAsTold(
  { kind }: EntityDefinition['columns'][number],
  told: JsonText | undefined,
  stored: Stored,
): boolean {
  if (stored === null) return told === undefined
  if (kind !== 'json' && kind !== 'address') return told === String(stored)
  const held = withoutBlanks(readJsonText(String(stored)))
  return told !== undefined && comparable(told) === comparable(held)
}

/** Received = what became of it: the counters agree with the rows, state by state. */
async function lostCounts(db: Queryable): Promise<string[]> {
  const { rows } = await db.query<{ status: string; counted: string; present: string }>(
    `SELECT status, coalesce(counted, 0) AS counted, coalesce(present, 0) AS present
       FROM (SELECT status, sum(events) AS counted FROM tds_event_counts GROUP BY status) AS counts
       FULL JOIN (SELECT status, count(*) AS present FROM tds_inbox_events GROUP BY status) AS events USING (status)
      WHERE coalesce(counted, 0) <> coalesce(present, 0)`,
  )
  const view = await db.query<{ scope: string; difference: string }>(
    'SELECT scope, difference FROM tds_v_conservation WHERE difference <> 0',
  )
  return [
    ...rows.map(
      ({ status, counted, present }) => `conservation: ${counted} counted as ${status}, ${present} are`,
    ),
    ...view.rows.map(
      ({ scope, difference }) => `conservation: tds_v_conservation has ${difference} in ${scope}`,
    ),
  ]
}

async function auditTrail(db: Queryable): Promise<Entry[]> {
  const { rows } = await db.query<Entry>(
    `SELECT position, entity_type AS type, entity_id AS id, before::text AS before, after::text AS after
       FROM tds_audit_trail ORDER BY tds_audit_trail.position`,
  )
  return rows
}

function stateOf(text: string): JsonRecord {
  const state = withoutBlanks(readJsonText(text))
  if (!isJsonRecord(state)) throw new Error('an audit entry holds no object')
  const { lines } = state
  // Rows without a position of their own have no order either.
  return Array.isArray(lines)
    ? { ...state, lines: lines.toSorted((a, b) => (comparable(a) < comparable(b) ? -1 : 1)) }
    : state
}

/** A column that a record never had a value for is absent in one entry and null in another; both say the same. */
function withoutBlanks(value: JsonText): JsonText {
  if (Array.isArray(value)) return value.map(withoutBlanks)
  if (!isJsonRecord(value)) return value
  const filled = Object.entries(value).filter(([, member]) => member !== null)
  return Object.fromEntries(filled.map(([key, member]) => [key, withoutBlanks(member)]))
}

function digest(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('base64')
}

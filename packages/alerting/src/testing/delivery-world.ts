import { randomUUID } from 'node:crypto'
import { createTestDatabase, takeOverClock, type TestClock, type TestDatabase } from '@tds/db/testing'
import { deliverDue } from '../delivery/deliver-due.ts'
import type { DeliveryParts } from '../delivery/delivery-parts.ts'
import type { AlertMessage } from '../messages/message.ts'
import type { Integration, Receiver } from '../receivers/receiver.ts'
import type { Severity } from '../severity.ts'
import { aMessage } from './messages.ts'

/** A message for the outbox of a test. */
export interface QueuedMessage {
  readonly integration: Integration
  readonly severity?: Severity
  readonly group?: string
  readonly sequence?: number
  readonly message?: Partial<AlertMessage>
  readonly alertIds?: readonly string[]
  readonly expiresIn?: string
  readonly firing?: Readonly<Record<string, string>>
}

/** A message of the outbox as it lies there; times as the database writes them. */
export interface OutboxRow {
  readonly id: string
  readonly receiver: string
  readonly integration: string
  readonly kind: string
  readonly severity: string
  readonly state: string
  readonly attempt: number
  readonly is_plain: boolean
  readonly outcome: string | null
  readonly provider_status: string | null
  readonly detail: string | null
  readonly recipients: string | null
  readonly merged_into: string | null
  readonly fallback_of: string | null
  readonly waits_s: number
}

/** An outbox, receivers and a clock that stands still until a test moves it. */
export interface DeliveryWorld {
  readonly database: TestDatabase
  readonly clock: TestClock
  readonly parts: DeliveryParts
  readonly queue: (message: QueuedMessage) => Promise<string>
  /** An alert that messages may tell of. */
  readonly alert: (rule?: string) => Promise<string>
  /** One pass of one lane. */
  readonly pass: (integration: Integration) => ReturnType<typeof deliverDue>
  readonly rows: () => Promise<OutboxRow[]>
  readonly row: (id: string) => Promise<OutboxRow>
  /** Seconds until the lane may be used again; null where it may. */
  readonly pausedFor: (integration: Integration) => Promise<number | null>
  readonly stop: () => Promise<void>
}

/** Makes one in a database of its own. */
export async function deliveryWorld(receivers: readonly Receiver[]): Promise<DeliveryWorld> {
  const database = await createTestDatabase()
  const { db } = database
  const clock = await takeOverClock(db)
  await clock.set('2026-01-01T12:00:00Z')
  const parts: DeliveryParts = {
    db,
    receivers,
    holder: randomUUID(),
    language: 'en',
    environment: 'demo',
    random: () => 0.5,
  }
  async function rows(): Promise<OutboxRow[]> {
    const found = await db.query<OutboxRow>(
      `SELECT id, receiver, integration, kind, severity, state, attempt, is_plain, outcome, provider_status, detail,
              recipients, merged_into, fallback_of, extract(epoch FROM not_before - tds_now())::float8 AS waits_s
         FROM tds_notifications ORDER BY created_at, sequence, id`,
    )
    return found.rows
  }
  return {
    database,
    clock,
    parts,
    rows,
    queue: (message) => queue(database, message),
    alert: (rule) => insertAlert(database, rule),
    pass: (integration) => {
      const receiver = receivers.find((one) => one.integration === integration)
      if (receiver === undefined) throw new Error(`this world has no ${integration}`)
      return deliverDue(parts, receiver, new AbortController().signal)
    },
    row: async (id) => {
      const row = (await rows()).find((one) => one.id === id)
      if (row === undefined) throw new Error('there is no such row')
      return row
    },
    pausedFor: async (integration) => {
      const found = await db.query<{ seconds: number | null }>(
        `SELECT extract(epoch FROM paused_until - tds_now())::float8 AS seconds FROM tds_receiver_states
          WHERE integration = $1`,
        [integration],
      )
      return found.rows[0]?.seconds ?? null
    },
    stop: async () => {
      await Promise.all(receivers.map((receiver) => receiver.close()))
      await database.drop()
    },
  }
}

async function queue({ db }: TestDatabase, o: QueuedMessage): Promise<string> {
  const severity = o.severity ?? 'warning'
  const logEntry = { firing: o.firing ?? {}, severity, repeats: 0 }
  const { rows } = await db.query<{ id: string }>(
    `INSERT INTO tds_notifications
       (receiver, integration, group_key, sequence, kind, severity, message, alert_ids, log_entry, expires_at)
     VALUES ('everyone/' || $1, $1, $2, $3, $4, $5::tds_alert_severity, $6::jsonb, $7::uuid[], $8::jsonb,
             tds_now() + $9::interval)
     RETURNING id`,
    [
      o.integration,
      o.group ?? null,
      o.sequence ?? 1,
      o.message?.kind ?? 'firing',
      severity,
      JSON.stringify(aMessage({ severity, ...o.message })),
      o.alertIds ?? [],
      o.group === undefined ? null : JSON.stringify(logEntry),
      o.expiresIn ?? (severity === 'critical' ? '24 hours' : '6 hours'),
    ],
  )
  return rows[0]?.id ?? ''
}

async function insertAlert({ db }: TestDatabase, rule = 'queue_backlog'): Promise<string> {
  const { rows } = await db.query<{ id: string }>(
    `INSERT INTO tds_alerts (alert_type, severity, title, message, fingerprint)
     VALUES ($1, 'warning', 'Too much waits', '', gen_random_uuid()::text) RETURNING id`,
    [rule],
  )
  return rows[0]?.id ?? ''
}

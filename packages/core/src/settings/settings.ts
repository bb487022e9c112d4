import { z } from 'zod'
import { readSettings, type Database, type Queryable } from '@tds/db'
import { childLogger, poller, service, serviceGroup, type Poller } from '@tds/runtime'
import { cronSchema } from '../runs/due-at.ts'

const log = childLogger('core:settings')

/**
 * The run-time tunables that code reads, with what each accepts and what holds until the table was read.
 * Their home is `tds_configuration`; docs/reference/settings.md lists them, and a test compares the two.
 */
export const settingDefinitions = {
  max_retry_attempts: { schema: z.int().min(1).max(50), fallback: 3 },
  retry_backoff_base_ms: { schema: z.int().min(100).max(3_600_000), fallback: 1000 },
  retry_backoff_max_ms: { schema: z.int().min(100).max(86_400_000), fallback: 60_000 },
  call_reserve_share: { schema: z.number().min(0).max(0.9), fallback: 0.6 },
  ledger_sweep_minutes: { schema: z.int().min(0).max(1440), fallback: 5 },
  full_depth_calls_per_day: { schema: z.int().min(0).max(100_000), fallback: 200 },
  batch_size: { schema: z.int().min(1).max(1000), fallback: 100 },
  'sync.scheduled': { schema: z.boolean(), fallback: true },
  'sync.incremental_cron': { schema: cronSchema, fallback: '*/15 * * * *' },
  'sync.whole_list_cron': { schema: cronSchema, fallback: '0 */4 * * *' },
  enabled: { schema: z.boolean(), fallback: true },
  'replay.heals': { schema: z.boolean(), fallback: true },
  'replay.rate_per_second': { schema: z.int().min(1).max(1000), fallback: 10 },
  schedule_cron: { schema: cronSchema, fallback: '0 2 * * *' },
} as const

/** Key of a setting that code reads. */
export type SettingKey = keyof typeof settingDefinitions

type SettingValue<K extends SettingKey> = z.output<(typeof settingDefinitions)[K]['schema']>
/** Keys whose values are of one type. */
type KeyOf<T> = { [K in SettingKey]: SettingValue<K> extends T ? K : never }[SettingKey]

/** The settings as last read; a change in the table takes effect within one interval, without a restart. */
export interface Settings extends Poller {
  number(key: KeyOf<number>): number
  flag(key: KeyOf<boolean>): boolean
  text(key: KeyOf<string>): string
}

/**
 * Reads `tds_configuration` at start and every `everyMs`. It has started only once they are read, so that nothing goes by
 * the defaults that somebody has changed. A value that its schema refuses is logged by name and the last good one stays:
 * a slip of the hand must not stop the daemon.
 */
export function createSettings(db: Database, o: { readonly everyMs?: number } = {}): Settings {
  const values = new Map<SettingKey, SettingValue<SettingKey>>()
  const valueOf = <K extends SettingKey>(key: K): SettingValue<K> =>
    (values.get(key) ?? settingDefinitions[key].fallback) as SettingValue<K>
  const readAll = async () => {
    const rows = await readSettings(db)
    for (const row of rows) take(values, row.config_key, JSON.parse(row.config_value))
    return { read: rows.length }
  }
  const first = service({
    name: 'settings:first',
    start: async () => {
      await readAll()
    },
    stop: () => undefined,
  })
  const following = poller({ name: 'settings', everyMs: o.everyMs ?? 10_000, runOnce: readAll })
  return {
    ...following,
    ...serviceGroup('settings', [first, following]),
    number: valueOf,
    flag: valueOf,
    text: valueOf,
  }
}

/** Reads one setting once, for whoever does not run long enough to follow its changes. */
export async function readSetting<K extends SettingKey>(db: Queryable, key: K): Promise<SettingValue<K>> {
  const values = new Map<SettingKey, SettingValue<SettingKey>>()
  for (const row of await readSettings(db))
    if (row.config_key === key) take(values, key, JSON.parse(row.config_value))
  return (values.get(key) ?? settingDefinitions[key].fallback) as SettingValue<K>
}

function take(values: Map<SettingKey, SettingValue<SettingKey>>, key: string, value: unknown): void {
  if (!isSettingKey(key)) return
  const read = settingDefinitions[key].schema.safeParse(value)
  if (read.success) values.set(key, read.data)
  else
    log.warn('A setting was refused; the value before it stays', {
      setting: key,
      problem: z.prettifyError(read.error),
    })
}

function isSettingKey(key: string): key is SettingKey {
  return Object.hasOwn(settingDefinitions, key)
}

import { InvalidInputError } from './invalid-input-error.ts'
import type { SizeOption } from './world/size.ts'

/** What a simulator can be told. Everything has a default. */
export interface SimulatorOptions {
  /** The same seed makes the same records; default `palm yard`. */
  seed?: string | number | undefined
  /** How many records; default `customer`. */
  size?: SizeOption | undefined
  organizationId?: string | undefined
  /** The organisation's zone by its IANA name; default Asia/Baghdad, which has no summer time. */
  timeZone?: string | undefined
  /** Milliseconds since 1970; default the machine's clock. */
  clock?: (() => number) | undefined
  credentials?: Partial<Credentials> | undefined
  /** What the refresh token is good for; default full access to both products. */
  scopes?: readonly string[] | undefined
  /** Zoho hands out 10 tokens in 10 minutes (docs/reference/zoho.md, tokens); default null, no limit. */
  tokenThrottle?: { perTenMinutes: number; status: 200 | 400 } | null | undefined
  /** How many access tokens live at once; the next one ends the oldest. Default 15. */
  liveTokens?: number | undefined
  /** Calls a day, as the headers tell; default 10,000. They are counted, not refused. */
  dailyCalls?: number | undefined
  /** Whether lists hide inactive records while no filter_by is sent (it is not known when Zoho does); default false. */
  hideInactive?: boolean | undefined
  /** Where last_modified_time is honoured: only where documented (default), or on every list. */
  lastModifiedFilter?: 'documented' | 'everywhere' | undefined
  /** The code by which a detail says that a record is not there; default 1002. */
  notThereCode?: 1002 | 5 | undefined
  /** What signs webhooks; null sends them without a signature. */
  webhookSecret?: string | null | undefined
}

/** What a client needs to get tokens. */
export interface Credentials {
  clientId: string
  clientSecret: string
  refreshToken: string
}

/** The options with every default filled in. */
export interface Settings {
  seed: string | number
  size: SizeOption
  organizationId: string
  timeZone: string
  clock: () => number
  credentials: Credentials
  scopes: readonly string[]
  tokenThrottle: { perTenMinutes: number; status: 200 | 400 } | null
  liveTokens: number
  dailyCalls: number
  hideInactive: boolean
  lastModifiedFilter: 'documented' | 'everywhere'
  notThereCode: 1002 | 5
  webhookSecret: string | null
}

/** Fills in the defaults; throws InvalidInputError on an option that does not exist. */
export function settingsOf(options: SimulatorOptions = {}): Settings {
  const settings: Settings = {
    seed: options.seed ?? 'palm yard',
    size: options.size ?? 'customer',
    organizationId: options.organizationId ?? '738204165',
    timeZone: options.timeZone ?? 'Asia/Baghdad',
    clock: options.clock ?? Date.now,
    credentials: {
      clientId: options.credentials?.clientId ?? '1000.SIMULATEDCLIENT0000000000000001',
      clientSecret: options.credentials?.clientSecret ?? 'simulated-client-secret',
      refreshToken: options.credentials?.refreshToken ?? '1000.simulated.refresh.token',
    },
    scopes: options.scopes ?? ['ZohoBooks.fullaccess.all', 'ZohoInventory.FullAccess.all'],
    tokenThrottle: options.tokenThrottle ?? null,
    liveTokens: options.liveTokens ?? 15,
    dailyCalls: options.dailyCalls ?? 10_000,
    hideInactive: options.hideInactive ?? false,
    lastModifiedFilter: options.lastModifiedFilter ?? 'documented',
    notThereCode: options.notThereCode ?? 1002,
    webhookSecret: options.webhookSecret === undefined ? 'palmYardHookKey2026' : options.webhookSecret,
  }
  const unknown = Object.keys(options).find((name) => !(name in settings))
  if (unknown !== undefined) throw new InvalidInputError(`There is no option ${unknown}`)
  return settings
}

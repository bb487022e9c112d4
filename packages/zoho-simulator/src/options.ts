import { InvalidInputError } from './invalid-input-error.ts'
import { createSwitchboard, isSwitch, type Switchboard } from './switches/switchboard.ts'
import type { SwitchChanges } from './switches/switches.ts'
import type { SizeOption } from './world/size.ts'

/** What a simulator can be told: what it is made of, and where its switches stand. Everything has a default. */
export interface SimulatorOptions extends SwitchChanges {
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
  /** What signs webhooks; null sends them without a signature. */
  webhookSecret?: string | null | undefined
}

/** What a client needs to get tokens. */
export interface Credentials {
  clientId: string
  clientSecret: string
  refreshToken: string
}

/** The options that stay as they are, with every default filled in. */
export interface Settings {
  seed: string | number
  size: SizeOption
  organizationId: string
  timeZone: string
  clock: () => number
  credentials: Credentials
  webhookSecret: string | null
}

/** Fills in the defaults; throws InvalidInputError on an option that does not exist, or a switch that cannot stand so. */
export function settingsOf(options: SimulatorOptions = {}): { settings: Settings; switchboard: Switchboard } {
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
    webhookSecret: options.webhookSecret === undefined ? 'palmYardHookKey2026' : options.webhookSecret,
  }
  const rest = Object.entries(options).filter(([name]) => !(name in settings))
  const unknown = rest.find(([name]) => !isSwitch(name))
  if (unknown !== undefined) throw new InvalidInputError(`There is no option ${unknown[0]}`)
  return { settings, switchboard: createSwitchboard(Object.fromEntries(rest)) }
}

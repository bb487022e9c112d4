import {
  callBudgetChecks,
  circuitCheck,
  type DeliveryLedger,
  type RecordSource,
  type Settings,
} from '@tds/core'
import type { Database } from '@tds/db'
import { httpClient, type HealthCheck } from '@tds/runtime'
import {
  callBudget,
  gatesInRow,
  tokenSource,
  zohoCircuit,
  zohoClient,
  zohoDeliveryLedger,
  zohoHosts,
  zohoRecordSource,
  zohoTokenCheck,
} from '@tds/zoho'
import type { WorkerConfig } from './config.ts'

/** Zoho as the worker sees it. */
export interface ZohoConnection {
  readonly source: RecordSource
  readonly ledger: DeliveryLedger
  readonly checks: readonly HealthCheck[]
}

/** What the way to Zoho needs of its surroundings. */
export interface ZohoConnectionParts {
  readonly db: Database
  readonly daemonId: string
  readonly settings: Settings
}

/** Wires the way to Zoho: one token, one circuit and one budget of calls for all daemons. */
export function connectZoho(config: WorkerConfig, parts: ZohoConnectionParts): ZohoConnection {
  const { db, daemonId, settings } = parts
  const hosts = zohoHosts(config.ZOHO_DATA_CENTER)
  const apiUrl = config.ZOHO_API_URL ?? hosts.apiUrl
  const http = httpClient({ name: 'zoho', timeoutMs: 20_000, maxBytes: 32 * 1024 * 1024 })
  const circuit = zohoCircuit({ db, daemonId, organizationId: config.ZOHO_ORGANIZATION_ID })
  const tokens = tokenSource({
    accountsUrl: config.ZOHO_ACCOUNTS_URL ?? hosts.accountsUrl,
    apiUrl,
    clientId: config.ZOHO_CLIENT_ID,
    clientSecret: config.ZOHO_CLIENT_SECRET,
    refreshToken: config.ZOHO_REFRESH_TOKEN,
    db,
    keys: config.TDS_ENCRYPTION_KEY,
  })
  const budget = callBudget({
    db,
    daemonId,
    limits: {
      perMinute: config.ZOHO_CALLS_PER_MINUTE,
      perDay: config.ZOHO_CALLS_PER_DAY,
      maxInFlight: config.ZOHO_MAX_IN_FLIGHT,
    },
    timeZone: config.TDS_TIME_ZONE,
    reserve: () => settings.number('call_reserve_share'),
  })
  // The circuit first: a call that is not let out must not take from the budget.
  const gate = gatesInRow([circuit, budget])
  const client = zohoClient({ apiUrl, http, tokens: circuit.watchTokens(tokens), gate })
  return {
    source: zohoRecordSource(client),
    ledger: zohoDeliveryLedger(client),
    checks: [circuitCheck(db), ...callBudgetChecks(db), zohoTokenCheck(tokens)],
  }
}

import type { Access } from '@tds/zoho-simulator'
import { knownEncryptionKey } from './encryption-key.ts'

/** What the daemons of one installation have in common. */
export interface SharedSettings {
  readonly databaseUrl: string
  readonly zohoUrl: string
  readonly access: Access
  /** Folder of the api's spool. */
  readonly spool: string
}

/** Settings of the api. */
export function apiSettings(
  { databaseUrl, access, spool }: SharedSettings,
  port: number,
): Record<string, string> {
  return {
    ...baseSettings(databaseUrl),
    API_PORT: String(port),
    SPOOL_DIR: spool,
    ZOHO_ORGANIZATION_ID: access.organizationId,
    ZOHO_WEBHOOK_SECRETS: access.webhookSecret ?? '',
  }
}

/** Settings of a worker. */
export function workerSettings(shared: SharedSettings, port: number): Record<string, string> {
  return { ...baseSettings(shared.databaseUrl), WORKER_HEALTH_PORT: String(port), ...zohoSettings(shared) }
}

/** How a worker reaches the simulator. Its limits are open (open-limits.ts), so as many calls at once as Zoho would ever allow, and as many a minute as there are. */
export function zohoSettings({
  zohoUrl,
  access,
}: Pick<SharedSettings, 'zohoUrl' | 'access'>): Record<string, string> {
  return {
    ZOHO_ACCOUNTS_URL: zohoUrl,
    ZOHO_API_URL: zohoUrl,
    ZOHO_CLIENT_ID: access.credentials.clientId,
    ZOHO_CLIENT_SECRET: access.credentials.clientSecret,
    ZOHO_REFRESH_TOKEN: access.credentials.refreshToken,
    ZOHO_ORGANIZATION_ID: access.organizationId,
    ZOHO_MAX_IN_FLIGHT: '10',
    ZOHO_CALLS_PER_MINUTE: '10000',
    TDS_ENCRYPTION_KEY: knownEncryptionKey,
  }
}

/** Settings of the alerter; the links in its messages lead to the api. */
export function alerterSettings(
  { databaseUrl }: SharedSettings,
  o: { readonly port: number; readonly apiUrl: string },
): Record<string, string> {
  return { ...baseSettings(databaseUrl), ALERTER_HEALTH_PORT: String(o.port), PUBLIC_URL: o.apiUrl }
}

function baseSettings(databaseUrl: string): Record<string, string> {
  return { DATABASE_URL: databaseUrl, TDS_ENVIRONMENT: 'demo', LOG_FORMAT: 'pretty' }
}

import { randomBytes } from 'node:crypto'

import type { Environment } from '@tds/runtime'
import type { Access } from '@tds/zoho-simulator'

import { knownEncryptionKey } from '../installation/encryption-key.ts'
import type { ClaimedPorts } from '../processes/ports.ts'

/** The simulated Zoho that stands in while nobody has named a real one. */
export interface StandIn {
  readonly url: string
  readonly access: Access
}

/** Whether the environment names a Zoho of its own. */
export function namesZoho(env: Environment): boolean {
  return Boolean(env['ZOHO_REFRESH_TOKEN'] ?? env['ZOHO_REFRESH_TOKEN_FILE'])
}

/** What development adds to the environment: only what is not set there, so that a setting of one's own always wins. */
export function developmentSettings(
  env: Environment,
  o: {
    readonly databaseUrl: string
    /** Where the api spools for that database. */
    readonly spool: string
    readonly standIn: StandIn | null
    readonly ports: Pick<ClaimedPorts, 'take'>
  },
): Record<string, string> {
  const made: Record<string, string> = {
    DATABASE_URL: o.databaseUrl,
    NODE_ENV: 'development',
    TDS_ENVIRONMENT: 'demo',
    LOG_FORMAT: 'pretty',
    API_PORT: String(o.ports.take()),
    WORKER_HEALTH_PORT: String(o.ports.take()),
    ALERTER_HEALTH_PORT: String(o.ports.take()),
    SPOOL_DIR: o.spool,
    WEBHOOK_API_KEYS: randomBytes(12).toString('hex'),
    TDS_ENCRYPTION_KEY: knownEncryptionKey,
    ...(o.standIn === null ? {} : zohoSettings(o.standIn)),
  }
  const missing = Object.entries(made).filter(([name]) => !env[name] && !env[`${name}_FILE`])
  return Object.fromEntries(missing)
}

function zohoSettings({ url, access }: StandIn): Record<string, string> {
  return {
    ZOHO_ACCOUNTS_URL: url,
    ZOHO_API_URL: url,
    ZOHO_CLIENT_ID: access.credentials.clientId,
    ZOHO_CLIENT_SECRET: access.credentials.clientSecret,
    ZOHO_REFRESH_TOKEN: access.credentials.refreshToken,
    ZOHO_ORGANIZATION_ID: access.organizationId,
    ZOHO_WEBHOOK_SECRETS: access.webhookSecret ?? '',
  }
}

import { z } from 'zod'
import {
  byteSize,
  enumListOf,
  enumOf,
  integer,
  sealingKeys,
  secret,
  secretList,
  timeZone,
  urlOf,
} from './config-fields.ts'
import { logLevels } from './log-line.ts'

/** What every daemon and the operator command need. A daemon extends it: `baseConfigSchema.extend({ … })`. */
export const baseConfigSchema = z.object({
  DATABASE_URL: urlOf('postgres', 'postgresql').describe(
    'Postgres; with user and password as in postgresql://user:password@host:5432/name.',
  ),
  DATABASE_DIRECT_URL: urlOf('postgres', 'postgresql')
    .optional()
    .describe(
      'The same database past a connection pooler, for LISTEN and migrations. Only needed with a pooler.',
    ),
  TDS_ENVIRONMENT: enumOf('production', 'staging', 'demo')
    .default('production')
    .describe('Which installation this is; shown in alerts and on the dashboard.'),
  TDS_TIME_ZONE: timeZone()
    .default('UTC')
    .describe('Time zone of the business: schedules, what "today" means, reset of the daily quota.'),
  LOG_LEVEL: enumOf(...logLevels)
    .default('info')
    .describe('The least important lines that are still logged.'),
  LOG_FORMAT: enumOf('json', 'pretty')
    .default('json')
    .describe('json: one object a line; pretty: for people.'),
  NODE_ENV: enumOf('production', 'development', 'test')
    .default('production')
    .describe('What libraries ask for; leave it at production outside development.'),
})

/** Access to Zoho and the limits kept towards it. */
export const zohoConfigSchema = z.object({
  ZOHO_CLIENT_ID: z
    .string()
    .meta({ expected: "the client id of Zoho's API console" })
    .describe('OAuth client of this installation.'),
  ZOHO_CLIENT_SECRET: secret().describe('Secret of that client.'),
  ZOHO_REFRESH_TOKEN: secret().describe('OAuth refresh token with read access to Books and Inventory.'),
  ZOHO_ORGANIZATION_ID: organizationId(),
  ZOHO_DATA_CENTER: enumOf('us', 'eu', 'in', 'au', 'jp', 'ca', 'sa', 'cn', 'uk')
    .default('us')
    .describe('Where the organisation lives; decides the hosts.'),
  ZOHO_ACCOUNTS_URL: urlOf('https', 'http').optional().describe("Overrides the data centre's accounts host."),
  ZOHO_API_URL: urlOf('https', 'http')
    .optional()
    .describe("Overrides the data centre's API host; /books/v3 and /inventory/v1 hang under it."),
  ZOHO_CALLS_PER_MINUTE: integer({ min: 1, max: 10_000 })
    .default(90)
    .describe('Calls a minute that this installation allows itself; Zoho refuses at 100.'),
  ZOHO_CALLS_PER_DAY: integer({ min: 1, max: 10_000_000 })
    .optional()
    .describe("Calls a day, from the organisation's plan."),
  ZOHO_MAX_IN_FLIGHT: integer({ min: 1, max: 10 })
    .default(5)
    .describe('Calls to Zoho at the same time; Zoho refuses above 10.'),
})

/** What is needed to keep secrets in the database. */
export const sealingConfigSchema = z.object({
  TDS_ENCRYPTION_KEY: sealingKeys().describe(
    'Seals the Zoho token in the database; the same for every daemon. Several, separated by commas: the first seals, every one opens.',
  ),
})

/** What is needed to take deliveries. `webhookConfigSchema.check(atLeastOneOf(…))` demands one of the two secrets. */
export const webhookConfigSchema = z.object({
  ZOHO_ORGANIZATION_ID: organizationId(),
  ZOHO_WEBHOOK_SECRETS: secretList().describe(
    "Secrets of Zoho's webhook signature, separated by commas; every one is valid.",
  ),
  WEBHOOK_API_KEYS: secretList().describe(
    'Keys accepted in X-Webhook-Key, separated by commas; every one is valid.',
  ),
  ZOHO_SIGNATURE_VARIANTS: enumListOf('body', 'compact', 'base64').describe(
    'Forms of the signature tried besides the documented one: body, compact, base64.',
  ),
  WEBHOOK_BODY_LIMIT: byteSize('1mb').describe('Largest delivery accepted.'),
})

function organizationId() {
  return z
    .string()
    .regex(/^[\w-]{1,64}$/)
    .meta({ expected: 'the organization id as Zoho shows it' })
    .describe('The organisation whose records are copied.')
}

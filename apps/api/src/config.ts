import { isIP } from 'node:net'
import { z } from 'zod'
import { atLeastOneOf, baseConfigSchema, byteSize, port, urlOf, webhookConfigSchema } from '@tds/runtime'

/** Every variable that the api reads; `.env.example` and the reference page are made from it. */
export const apiConfigSchema = baseConfigSchema
  .extend(webhookConfigSchema.shape)
  .extend({
    API_HOST: z
      .string()
      .default('127.0.0.1')
      .describe('Address the api listens on. Leave it at loopback behind nginx; 0.0.0.0 in a container.'),
    API_PORT: port(8001).describe('Port the api listens on.'),
    PUBLIC_URL: urlOf('https', 'http')
      .optional()
      .describe(
        'Address under which Zoho and people reach the api, for the links in alerts; default of the api: http://API_HOST:API_PORT.',
      ),
    TRUSTED_PROXIES: z
      .string()
      .transform((text, context) => {
        const entries = text.split(',').map((entry) => entry.trim())
        if (entries.every(isProxy)) return entries
        context.addIssue({ code: 'invalid_format', format: 'field', input: text })
        return z.NEVER
      })
      .meta({
        expected: 'addresses, networks such as 10.0.0.0/8, or loopback, separated by commas',
        default: 'loopback',
      })
      .default(['loopback'])
      .describe('Whose X-Forwarded-For and X-Request-Id are believed: the proxies in front of the api.'),
    SPOOL_DIR: z
      .string()
      .meta({ expected: 'a folder that the api may write to' })
      .default('var/spool')
      .describe(
        'Where deliveries wait on local disk while Postgres is away. One installation alone; several apis may share it.',
      ),
    SPOOL_LIMIT: byteSize('1gb').describe(
      'What SPOOL_DIR may take of the disk; beyond it deliveries are answered 503.',
    ),
  })
  .check(atLeastOneOf('ZOHO_WEBHOOK_SECRETS', 'WEBHOOK_API_KEYS'))

/** The api's configuration, checked. */
export type ApiConfig = z.output<typeof apiConfigSchema>

/** The address to show to people and to paste into Zoho, without a slash at its end. */
export function publicUrl({ PUBLIC_URL, API_HOST, API_PORT }: ApiConfig): string {
  const host = isIP(API_HOST) === 6 ? `[${API_HOST}]` : API_HOST
  return (PUBLIC_URL ?? `http://${host}:${String(API_PORT)}`).replace(/\/+$/, '')
}

function isProxy(entry: string): boolean {
  if (entry === 'loopback') return true
  const [address = '', prefix, ...rest] = entry.split('/')
  const bits = { 0: -1, 4: 32, 6: 128 }[isIP(address)] ?? -1
  if (prefix === undefined) return bits > 0
  return rest.length === 0 && /^\d{1,3}$/.test(prefix) && Number(prefix) <= bits
}

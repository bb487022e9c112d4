import { z } from 'zod'
import { createDocument, type ZodOpenApiOperationObject, type ZodOpenApiPathsObject } from 'zod-openapi'
import { entities, type EntityDefinition } from '@tds/core'
import { TDS_VERSION } from '@tds/runtime'
import { healthSchema, livenessSchema, readinessSchema } from '../health/health-schemas.ts'
import { problemContentType, problemSchema } from '../http/problem.ts'
import { acceptedSchema, duplicateSchema, quarantinedSchema, spooledSchema } from '../webhooks/answers.ts'
import { webhookRoutes, type WebhookRoute } from '../webhooks/webhook-routes.ts'

/** An OpenAPI 3.1 document. */
export type OpenApiDocument = ReturnType<typeof createDocument>

/**
 * Describes every route of the api, from the schemas that its answers are made by and the registry of entity types.
 * `serverUrl` is the address to send requests to.
 */
export function openApiDocument(serverUrl: string): OpenApiDocument {
  return createDocument({
    openapi: '3.1.1',
    info: {
      title: 'TDS Core',
      version: TDS_VERSION,
      description:
        'Takes in what changes in Zoho, and tells how it fares. Errors are problem documents (RFC 9457).',
    },
    servers: [{ url: serverUrl }],
    tags: [
      {
        name: 'Webhooks',
        description: 'Where Zoho delivers. Paste these addresses into its webhook settings.',
      },
      {
        name: 'Health',
        description: 'Whether the product does its work. No authentication, nothing secret.',
      },
      { name: 'Description', description: 'This page and what it is made of.' },
    ],
    components: { securitySchemes },
    paths: { ...webhookPaths(), ...healthPaths, ...descriptionPaths },
  })
}

const securitySchemes = {
  signature: {
    type: 'apiKey',
    in: 'header',
    name: 'X-Zoho-Webhook-Signature',
    description:
      'HMAC-SHA256 of the query and form pairs (sorted by key, run together) followed by the JSON body, in lower-case hex, with one of ZOHO_WEBHOOK_SECRETS. If it is sent, it alone decides.',
  },
  key: {
    type: 'apiKey',
    in: 'header',
    name: 'X-Webhook-Key',
    description: 'One of WEBHOOK_API_KEYS; counts only where no signature is sent.',
  },
} as const

function webhookPaths(): ZodOpenApiPathsObject {
  const routes = [...webhookRoutes(entities).values()]
  return Object.fromEntries(routes.map((route) => [route.path, { post: webhookOperation(route) }]))
}

function webhookOperation({ path, entity, action, isAlias }: WebhookRoute): ZodOpenApiOperationObject {
  const what = entity.type.replaceAll('_', ' ')
  const article = /^[aeiou]/.test(what) ? 'An' : 'A'
  return {
    tags: ['Webhooks'],
    operationId: path.slice(1).replaceAll('/', '-'),
    summary: `${article} ${what} was ${action ?? 'created or changed'}${isAlias ? ` (same as /webhooks/${entity.resource})` : ''}`,
    description:
      'Answered after the delivery is safely stored. A delivery that is authentic is never refused for what it contains.',
    security: [{ signature: [] }, { key: [] }],
    requestParams: { query: webhookQuery, header: webhookHeaders },
    requestBody: { required: true, content: bodiesOf(entity) },
    responses: webhookResponses,
  }
}

const organizationId = z.string().regex(/^\d{1,30}$/)

const webhookQuery = z.object({
  organization_id: organizationId
    .optional()
    .describe(
      'The organisation that the record belongs to; part of the signed text. Default ZOHO_ORGANIZATION_ID.',
    ),
})

const webhookHeaders = z.object({
  'X-Zoho-Organization-Id': organizationId
    .optional()
    .describe(
      'The same, for deliveries with a key; ignored beside a signature, which does not cover headers.',
    ),
})

function bodiesOf(entity: EntityDefinition) {
  const { wrapper, id } = entity.source
  const record = z
    .looseObject({ [wrapper]: z.looseObject({ [id]: z.string() }) })
    .describe('The record under its singular key, as Zoho sends it by default.')
  const thin = z
    .looseObject({ entity: z.string().optional(), event: z.string().optional(), id: z.string().optional() })
    .describe(
      'Only the record and what happened to it, for webhooks with a text of their own; the record is then read from Zoho.',
    )
  const form = z.object({ JSONString: z.string().describe('The JSON text of the record.') })
  const example: unknown = JSON.parse(entity.example.webhook)
  return {
    'application/json': {
      schema: z.union([record, thin]),
      examples: {
        record: { value: example },
        thin: { value: { entity: wrapper, event: 'updated', id: '1000000000001' } },
      },
    },
    'application/x-www-form-urlencoded': { schema: form },
  }
}

const requestIdHeader = z.string().describe('Names this request in the log.')

function answer(description: string, schema: z.ZodType) {
  return {
    description,
    headers: z.object({ 'X-Request-Id': requestIdHeader }),
    content: { 'application/json': { schema } },
  }
}

function refusal(description: string, headers: Record<string, z.ZodString> = {}) {
  return {
    description,
    headers: z.object({ 'X-Request-Id': requestIdHeader, ...headers }),
    content: { [problemContentType]: { schema: problemSchema } },
  }
}

const webhookResponses = {
  '200': answer('Delivered before.', duplicateSchema),
  '202': answer(
    'Safe: to be processed, to be looked at by somebody, or on local disk until Postgres is back.',
    z.union([acceptedSchema, quarantinedSchema, spooledSchema]),
  ),
  '401': refusal('Not authentic. The answer is the same whatever the reason.', {
    'WWW-Authenticate': z.string().describe('The kind of authentication.'),
  }),
  '404': refusal('No webhook has this path.'),
  '405': refusal('Not sent with POST.', { Allow: z.string().describe('POST') }),
  '413': refusal('The body is larger than WEBHOOK_BODY_LIMIT; the connection is closed.'),
  '500': refusal('A mistake of ours; nothing was promised, though the delivery is kept if at all possible.'),
  '503': refusal('Could neither be stored nor spooled; nothing was kept.', {
    'Retry-After': z.string().describe('Seconds after which to deliver again, 5 to 30.'),
  }),
}

const healthPaths: ZodOpenApiPathsObject = {
  '/health': read('Health', 'How the product does, judged by outcomes', {
    '200': answer('Healthy, or degraded: it does its work, but somebody should look.', healthSchema),
    '503': answer('Unhealthy.', healthSchema),
  }),
  '/health/live': read('Health', 'Whether the process runs', { '200': answer('It runs.', livenessSchema) }),
  '/health/ready': read('Health', 'Whether deliveries can be taken now', {
    '200': answer('They can.', readinessSchema),
    '503': answer('They cannot, and why.', readinessSchema),
  }),
  '/metrics': read('Health', 'Figures for Prometheus', {
    '200': { description: 'The figures.', content: { 'text/plain': { schema: z.string() } } },
    '403': refusal('Asked through a proxy: metrics are for direct requests.'),
  }),
}

const descriptionPaths: ZodOpenApiPathsObject = {
  '/docs': read('Description', 'This page', {
    '200': { description: 'The page.', content: { 'text/html': { schema: z.string() } } },
  }),
  '/docs/operations/alerts/README.md': read(
    'Description',
    'What each alert means and what to do: the list; each rule has its page beside it, `<rule>.md`',
    { '200': { description: 'The page.', content: { 'text/plain': { schema: z.string() } } } },
  ),
  '/openapi.json': read('Description', 'This description as OpenAPI', {
    '200': answer('The description.', z.looseObject({ openapi: z.string() })),
  }),
}

function read(tag: string, summary: string, responses: ZodOpenApiOperationObject['responses']) {
  return { get: { tags: [tag], summary, responses } }
}

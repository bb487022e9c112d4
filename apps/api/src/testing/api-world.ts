import { createHmac } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createTestDatabase, type TestDatabase } from '@tds/db/testing'
import { loadConfig } from '@tds/runtime'
import { createApi, type Api, type ApiOverrides } from '../app.ts'
import { apiConfigSchema } from '../config.ts'
import { requireDescribed } from './require-described.ts'
import { roomy } from './roomy.ts'

/** The organisation of the tests. */
export const organizationId = '790412365'
/** Both are valid at the same time, as they are while one replaces the other. */
export const secrets = ['firstHookSecret2026', 'secondHookSecret2026'] as const
/** Likewise. */
export const keys = ['first-webhook-key', 'second-webhook-key'] as const

/** An api with a database of its own. */
export interface ApiWorld extends TestDatabase {
  readonly api: Api
  /** Where the api listens. */
  readonly apiUrl: string
  send(request: TestRequest): Promise<TestAnswer>
  /** Sends a body to a webhook path, signed as Zoho signs unless the request has other ideas. */
  deliver(path: string, body: Buffer | string, request?: Partial<TestRequest>): Promise<TestAnswer>
  rows(): Promise<InboxRow[]>
  /** Ids of the events that jobs carry. */
  eventsInJobs(): Promise<string[]>
  /** Empties inbox and queue. */
  clear(): Promise<void>
  stop(): Promise<void>
}

/** An inbox row, with Postgres' values as text. */
export type InboxRow = Record<string, unknown>

/** One HTTP request, sent as it is. */
export interface TestRequest {
  readonly method: string
  /** With the query. */
  readonly path: string
  readonly headers: Readonly<Record<string, string | string[]>>
  readonly body?: Buffer | string
}

/** What came back. */
export interface TestAnswer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
  /** The text as JSON; an empty object where it is none. */
  readonly body: Readonly<Record<string, unknown>>
}

/** Starts an api on a free port, against a fresh database. Every answer is held against the api's own description. */
export async function startApiWorld(
  o: { readonly env?: Record<string, string>; readonly overrides?: ApiOverrides } = {},
): Promise<ApiWorld> {
  const database = await createTestDatabase({ poolSize: 4 })
  const spool = makeSpoolDir()
  const env = testEnvironment(database.url, { SPOOL_DIR: spool.path, ...o.env })
  const api = createApi(loadConfig(apiConfigSchema, env), { spool: roomy, ...o.overrides })
  await api.start()
  const apiUrl = `http://127.0.0.1:${String(api.port())}`
  const send = async (request: TestRequest): Promise<TestAnswer> => {
    const answer = await sendTo(apiUrl, request)
    requireDescribed(request, answer)
    return answer
  }
  return {
    ...database,
    api,
    apiUrl,
    send,
    deliver: async (path, body, request = {}) => send(delivery(path, body, request)),
    rows: async () =>
      (await database.db.query<InboxRow>('SELECT * FROM tds_inbox_events ORDER BY received_at, id')).rows,
    eventsInJobs: async () => {
      const { rows } = await database.db.query<{ data: string }>('SELECT data FROM pgboss.job')
      return rows.flatMap(({ data }) => (JSON.parse(data) as { eventIds: string[] }).eventIds)
    },
    clear: async () => {
      await database.db.query('TRUNCATE tds_inbox_events, tds_event_counts, tds_duplicate_tallies')
      await database.db.query('DELETE FROM pgboss.job')
    },
    stop: async () => {
      await api.stop()
      await database.drop()
      spool.remove()
    },
  }
}

/** A folder for one test's spool: two tests in one folder would drain each other's deliveries into the wrong database. */
export function makeSpoolDir(): { readonly path: string; readonly remove: () => void } {
  const folder = mkdtempSync(join(tmpdir(), 'tds-spool-'))
  return {
    path: join(folder, 'spool'),
    remove: () => {
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** The variables of a test's api. */
export function testEnvironment(
  databaseUrl: string,
  more: Record<string, string> = {},
): Record<string, string> {
  return {
    DATABASE_URL: databaseUrl,
    API_PORT: '0',
    ZOHO_ORGANIZATION_ID: organizationId,
    ZOHO_WEBHOOK_SECRETS: secrets.join(','),
    WEBHOOK_API_KEYS: keys.join(','),
    NODE_ENV: 'test',
    ...more,
  }
}

/** The request that Zoho sends for a body. */
export function delivery(
  path: string,
  body: Buffer | string,
  request: Partial<TestRequest> = {},
): TestRequest {
  const contentType = 'application/json;charset=UTF-8'
  const signature = sign({
    path,
    body,
    contentType: String(request.headers?.['content-type'] ?? contentType),
  })
  return {
    method: 'POST',
    path,
    body,
    ...request,
    headers: { 'content-type': contentType, 'x-zoho-webhook-signature': signature, ...request.headers },
  }
}

/** Signs by Zoho's documented rule, written down here a second time on purpose. */
export function sign(o: {
  readonly path: string
  readonly body: Buffer | string
  readonly contentType?: string
  readonly secret?: string
}): string {
  const isForm = /^\s*application\/x-www-form-urlencoded\s*(?:;|$)/i.test(o.contentType ?? '')
  const query = new URLSearchParams(/\?(.*)$/s.exec(o.path)?.[1])
  const sorted = [
    ...[...query].map((pair) => pair.map((text) => Buffer.from(text))),
    ...(isForm ? fieldsOf(Buffer.from(o.body)) : []),
  ]
    .map((pair) => ({ key: String(pair[0]), bytes: Buffer.concat(pair) }))
    .sort((left, right) => (left.key < right.key ? -1 : left.key > right.key ? 1 : 0))
  const hmac = createHmac('sha256', o.secret ?? secrets[0])
  for (const { bytes } of sorted) hmac.update(bytes)
  return hmac.update(isForm ? '' : o.body).digest('hex')
}

/** Keys and values of a form, to the byte, whatever they spell. */
function fieldsOf(form: Buffer): Buffer[][] {
  const pairs = form.toString('latin1').split('&')
  return pairs
    .filter((pair) => pair !== '')
    .map((pair) => [pair.replace(/=.*$/s, ''), /=(.*)$/s.exec(pair)?.[1] ?? ''].map(percentDecoded))
}

function percentDecoded(text: string): Buffer {
  const hexPair = /%([0-9a-f]{2})/gi
  const decoded = text
    .replaceAll('+', ' ')
    .replace(hexPair, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
  return Buffer.from(decoded, 'latin1')
}

/** Sends a request over a connection of its own. */
export async function sendTo(url: string, { method, path, headers, body }: TestRequest): Promise<TestAnswer> {
  const { hostname, port } = new URL(url)
  return new Promise((resolve, reject) => {
    // Node's client would leave the body of a GET without its length.
    const isFramed = body === undefined || headers['transfer-encoding'] !== undefined
    const framed = isFramed ? headers : { ...headers, 'content-length': String(Buffer.byteLength(body)) }
    const request = httpRequest(
      { hostname, port, method, path, headers: framed, agent: false },
      (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('error', reject)
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString()
          const isJson = /json/.test(String(response.headers['content-type']))
          const parsed = isJson && text !== '' ? (JSON.parse(text) as Record<string, unknown>) : {}
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text, body: parsed })
        })
      },
    )
    request.on('error', reject)
    request.end(body)
  })
}

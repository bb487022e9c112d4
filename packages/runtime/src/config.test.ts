import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { enumOf, fieldMeta, integer, port, sealingKeys, secret, secretList, urlOf } from './config-fields.ts'
import { baseConfigSchema, webhookConfigSchema, zohoConfigSchema } from './config-schemas.ts'
import { describeConfig, loadConfig, type Environment } from './config.ts'
import { ConfigError, type ConfigProblem } from './errors.ts'
import { redactText } from './redaction.ts'

const schema = z.object({
  DATABASE_URL: urlOf('postgres'),
  API_PORT: port(8001),
  ZOHO_CLIENT_SECRET: secret(),
  ZOHO_WEBHOOK_SECRETS: secretList(),
  ZOHO_MAX_IN_FLIGHT: integer({ min: 1, max: 10 }).default(5),
  LOG_FORMAT: enumOf('json', 'pretty').default('json'),
  TDS_ENCRYPTION_KEY: sealingKeys().optional(),
})

const good = {
  DATABASE_URL: 'postgres://tds:dbpass-canary@db:5432/tds',
  ZOHO_CLIENT_SECRET: 'client-secret-canary',
}

function problemsOf(env: Environment, of: z.ZodObject = schema): readonly ConfigProblem[] {
  try {
    loadConfig(of, env)
  } catch (error) {
    if (error instanceof ConfigError) return error.problems
    throw error
  }
  return []
}

function textOf(problems: readonly ConfigProblem[]): string[] {
  return problems.map(({ name, message }) => `${name}: ${message}`)
}

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tds-config-'))
})
afterEach(() => {
  rmSync(folder, { recursive: true })
})

function file(name: string, content: string): string {
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}

describe('loadConfig', () => {
  it('reads, converts and fills in defaults', () => {
    expect(loadConfig(schema, { ...good, API_PORT: '9000', ZOHO_WEBHOOK_SECRETS: 'new,old' })).toEqual({
      ...good,
      API_PORT: 9000,
      ZOHO_WEBHOOK_SECRETS: ['new', 'old'],
      ZOHO_MAX_IN_FLIGHT: 5,
      LOG_FORMAT: 'json',
    })
  })

  it('reports every problem at once, in the order of the schema, with what was given and what is expected', () => {
    expect(textOf(problemsOf({ API_PORT: '80a', LOG_FORMAT: 'xml', ZOHO_MAX_IN_FLIGHT: '11' }))).toEqual([
      'DATABASE_URL: not set; expected an address postgres://…',
      'API_PORT: got "80a"; expected a port number from 0 to 65535',
      'ZOHO_CLIENT_SECRET: not set; expected a secret',
      'ZOHO_MAX_IN_FLIGHT: got "11"; expected a whole number from 1 to 10',
      'LOG_FORMAT: got "xml"; expected json or pretty',
    ])
  })

  it('takes the empty string as not set', () => {
    expect(loadConfig(schema, { ...good, API_PORT: '' }).API_PORT).toBe(8001)
    expect(textOf(problemsOf({ ...good, ZOHO_CLIENT_SECRET: '' }))).toEqual([
      'ZOHO_CLIENT_SECRET: not set; expected a secret',
    ])
  })

  it('never repeats a secret that it refuses', () => {
    const told = textOf(
      problemsOf({ ...good, TDS_ENCRYPTION_KEY: 'not-hex-canary', ZOHO_WEBHOOK_SECRETS: 'a-canary,' }),
    )
    expect(told).toEqual([
      'ZOHO_WEBHOOK_SECRETS: the secret given cannot be used; expected one or more secrets separated by commas, none of them empty',
      'TDS_ENCRYPTION_KEY: the secret given cannot be used; expected 32 bytes as 64 hexadecimal digits, as openssl rand -hex 32 makes them',
    ])
  })

  it.each([
    'mysql://root:pw-canary@db/tds',
    'postgres//root:pw-canary@db/tds',
    'root:pw-canary@db',
    'http://root:pw@canary@db/',
    'db?password=canary',
  ])('names a wrong address without its credentials: %s', (address) => {
    const [told] = textOf(problemsOf({ ...good, DATABASE_URL: address }))
    expect(told).toContain('db')
    expect(told).not.toContain('canary')
  })

  it('reads <NAME>_FILE without its trailing newline', () => {
    const env = {
      DATABASE_URL: good.DATABASE_URL,
      ZOHO_CLIENT_SECRET_FILE: file('secret', 'from-a-file\r\n'),
    }
    expect(loadConfig(schema, env).ZOHO_CLIENT_SECRET).toBe('from-a-file')
  })

  it('keeps spaces and inner newlines of a file', () => {
    const env = { DATABASE_URL: good.DATABASE_URL, ZOHO_CLIENT_SECRET_FILE: file('secret', ' two\nlines \n') }
    expect(loadConfig(schema, env).ZOHO_CLIENT_SECRET).toBe(' two\nlines ')
  })

  it('refuses a variable that is set twice', () => {
    const env = { ...good, ZOHO_CLIENT_SECRET_FILE: file('secret', 'other') }
    expect(textOf(problemsOf(env))).toEqual([
      'ZOHO_CLIENT_SECRET: set twice, as ZOHO_CLIENT_SECRET and as ZOHO_CLIENT_SECRET_FILE; expected one of the two',
    ])
  })

  it('refuses a file that cannot be read or is empty, once each and beside other problems', () => {
    const missing = join(folder, 'missing')
    const empty = file('empty', '\n')
    expect(
      textOf(problemsOf({ DATABASE_URL_FILE: missing, ZOHO_CLIENT_SECRET_FILE: empty, API_PORT: 'x' })),
    ).toEqual([
      `DATABASE_URL_FILE: the file ${missing} cannot be read (ENOENT)`,
      'API_PORT: got "x"; expected a port number from 0 to 65535',
      `ZOHO_CLIENT_SECRET_FILE: the file ${empty} is empty`,
    ])
  })

  it('asks whether a similar name was meant when a variable is missing', () => {
    expect(textOf(problemsOf({ DATABASE_URL: good.DATABASE_URL, ZOHO_CLIENT_SECRETT: 'x' }))).toEqual([
      'ZOHO_CLIENT_SECRET: not set; expected a secret (did you mean it by ZOHO_CLIENT_SECRETT?)',
    ])
  })

  it('refuses a misspelt name of ours, since the default would be used without a word', () => {
    expect(textOf(problemsOf({ ...good, ZOHO_MAX_INFLIGHT: '2', TDS_ENCRYPTION_KEY_FIEL: '/x' }))).toEqual([
      'ZOHO_MAX_INFLIGHT: not a variable of TDS Core; did you mean ZOHO_MAX_IN_FLIGHT?',
      'TDS_ENCRYPTION_KEY_FIEL: not a variable of TDS Core; did you mean TDS_ENCRYPTION_KEY_FILE?',
    ])
  })

  it("leaves other programs' variables, other daemons' variables and spare copies alone", () => {
    expect(
      problemsOf({ ...good, APP_PORT: '1', PATH: '/bin', ZOHO_CALLS_PER_DAY: '1', ZOHO_CLIENT_SECRETS: 'x' }),
    ).toEqual([])
  })

  it('registers what it read with the redaction of the log', () => {
    loadConfig(schema, { ...good, ZOHO_WEBHOOK_SECRETS: 'rotating-one, rotating-two' })
    const said = 'client-secret-canary and rotating-two, dbpass-canary for rotating-one'
    expect(redactText(said)).toBe('[redacted] and [redacted], [redacted] for [redacted]')
  })

  it('does not blot out the word postgres because it is a password too', () => {
    loadConfig(schema, { ...good, DATABASE_URL: 'postgres://postgres:postgres@db/tds' })
    expect(redactText('connected to postgres')).toBe('connected to postgres')
  })

  it('gives the message of a check of its own', () => {
    const checked = z.object({
      API_PORT: port(1).refine((value) => value !== 22, 'got 22, which is the port of ssh'),
    })
    expect(textOf(problemsOf({ API_PORT: '22' }, checked))).toEqual([
      'API_PORT: got 22, which is the port of ssh',
    ])
  })
})

describe('describeConfig', () => {
  it('tells secrets only as set or unset and addresses without credentials', () => {
    const config = loadConfig(schema, {
      ...good,
      DATABASE_URL: 'postgres://tds:pw@db:5432/tds?sslpassword=x',
    })
    expect(describeConfig(schema, config)).toEqual({
      DATABASE_URL: 'postgres://db:5432/tds?…',
      API_PORT: '8001',
      ZOHO_CLIENT_SECRET: 'set',
      ZOHO_WEBHOOK_SECRETS: 'unset',
      ZOHO_MAX_IN_FLIGHT: '5',
      LOG_FORMAT: 'json',
      TDS_ENCRYPTION_KEY: 'unset',
    })
  })
})

describe('the shared schemas', () => {
  const all = baseConfigSchema.extend(zohoConfigSchema.shape).extend(webhookConfigSchema.shape)
  const least = {
    DATABASE_URL: 'postgresql://db/tds',
    ZOHO_CLIENT_ID: '1000.ABC',
    ZOHO_CLIENT_SECRET: 'x',
    ZOHO_REFRESH_TOKEN: 'y',
    ZOHO_ORGANIZATION_ID: '10234695',
  }

  it('need little and default as documented', () => {
    expect(loadConfig(all, least)).toEqual({
      ...least,
      TDS_ENVIRONMENT: 'production',
      TDS_TIME_ZONE: 'UTC',
      LOG_LEVEL: 'info',
      LOG_FORMAT: 'json',
      NODE_ENV: 'production',
      ZOHO_DATA_CENTER: 'us',
      ZOHO_CALLS_PER_MINUTE: 90,
      ZOHO_MAX_IN_FLIGHT: 5,
      ZOHO_WEBHOOK_SECRETS: [],
      WEBHOOK_API_KEYS: [],
      ZOHO_SIGNATURE_VARIANTS: [],
      WEBHOOK_BODY_LIMIT: 1_048_576,
    })
  })

  it.each(Object.entries(all.shape))('describe %s and say what it expects', (_name, field) => {
    expect(fieldMeta(field).description).toMatch(/^[A-Za-z].*\.$/)
    expect(fieldMeta(field).expected).toMatch(/\S/)
  })
})

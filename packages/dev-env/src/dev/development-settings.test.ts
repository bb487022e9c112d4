import { developmentSettings, namesZoho } from './development-settings.ts'

const ACCESS = {
  organizationId: '7',
  webhookSecret: 'hook',
  credentials: { clientId: 'id', clientSecret: 'secret', refreshToken: 'token' },
}
const STAND_IN = { url: 'http://127.0.0.1:1', access: ACCESS }

describe('developmentSettings', () => {
  it('makes up what is missing, the address of the stand-in for Zoho included', () => {
    expect(settings({})).toMatchObject({
      DATABASE_URL: 'postgresql://here',
      API_PORT: '8001',
      SPOOL_DIR: '/spool',
      ZOHO_API_URL: 'http://127.0.0.1:1',
      ZOHO_WEBHOOK_SECRETS: 'hook',
      WEBHOOK_API_KEYS: expect.stringMatching(/^[0-9a-f]{24}$/),
      TDS_ENCRYPTION_KEY: expect.stringMatching(/^[0-9a-f]{64}$/),
    })
  })

  it('leaves alone what the environment sets, by value or by file', () => {
    const made = settings({ API_PORT: '9000', ZOHO_WEBHOOK_SECRETS_FILE: '/run/secret', LOG_FORMAT: 'json' })
    expect(Object.keys(made)).not.toEqual(expect.arrayContaining(['API_PORT']))
    expect(Object.keys(made)).not.toEqual(expect.arrayContaining(['ZOHO_WEBHOOK_SECRETS']))
    expect(Object.keys(made)).not.toEqual(expect.arrayContaining(['LOG_FORMAT']))
  })

  it('makes up nothing about Zoho when the environment names one', () => {
    expect(namesZoho({ ZOHO_REFRESH_TOKEN_FILE: '/run/token' })).toBe(true)
    expect(namesZoho({})).toBe(false)
    expect(Object.keys(settings({}, null)).filter((name) => name.startsWith('ZOHO'))).toEqual([])
  })
})

function settings(env: Record<string, string>, standIn: typeof STAND_IN | null = STAND_IN) {
  const ports = [8001, 8002, 8003]
  return developmentSettings(env, {
    databaseUrl: 'postgresql://here',
    spool: '/spool',
    standIn,
    ports: { take: () => ports.shift() ?? 0 },
  })
}

import { ConfigError, describeConfig, loadConfig } from '@tds/runtime'
import { apiConfigSchema, publicUrl, type ApiConfig } from './config.ts'

const sound = {
  DATABASE_URL: 'postgresql://tds@localhost/tds',
  ZOHO_ORGANIZATION_ID: '790412365',
  ZOHO_WEBHOOK_SECRETS: 'canarySecret2026,otherSecret2026',
}

describe('the configuration of the api', () => {
  it('needs a database, an organisation and one way to authenticate deliveries', () => {
    expect(loadConfig(apiConfigSchema, sound)).toMatchObject({
      API_HOST: '127.0.0.1',
      API_PORT: 8001,
      TRUSTED_PROXIES: ['loopback'],
      WEBHOOK_BODY_LIMIT: 1_048_576,
      WEBHOOK_API_KEYS: [],
    })
    const { ZOHO_WEBHOOK_SECRETS: _secrets, ...unsigned } = sound
    expect(loadConfig(apiConfigSchema, { ...unsigned, WEBHOOK_API_KEYS: 'key' })).toMatchObject({
      WEBHOOK_API_KEYS: ['key'],
    })
    expect(problemsOf({ ...unsigned })).toEqual(['ZOHO_WEBHOOK_SECRETS'])
    expect(problemsOf({})).toEqual(['DATABASE_URL', 'ZOHO_ORGANIZATION_ID', 'ZOHO_WEBHOOK_SECRETS'])
  })

  it('is refused with an empty secret, which would let everybody in', () => {
    expect(problemsOf({ ...sound, ZOHO_WEBHOOK_SECRETS: '' })).toEqual(['ZOHO_WEBHOOK_SECRETS'])
    expect(problemsOf({ ...sound, ZOHO_WEBHOOK_SECRETS: 'secret,' })).toEqual(['ZOHO_WEBHOOK_SECRETS'])
    expect(problemsOf({ ...sound, WEBHOOK_API_KEYS: ',' })).toEqual(['WEBHOOK_API_KEYS'])
  })

  it.each(['loopback', '10.0.0.0/8', '192.0.2.1, 2001:db8::/32', 'loopback,::1'])(
    'trusts the proxies %s',
    (proxies) => {
      expect(problemsOf({ ...sound, TRUSTED_PROXIES: proxies })).toEqual([])
    },
  )

  it.each(['all', '10.0.0.0/33', '10.0.0.0/', '10.0.0/8', '2001:db8::/129', '127.0.0.1,,', 'nginx'])(
    'knows no proxies %s',
    (proxies) => {
      expect(problemsOf({ ...sound, TRUSTED_PROXIES: proxies })).toEqual(['TRUSTED_PROXIES'])
    },
  )

  it('is shown without its secrets', () => {
    const shown = JSON.stringify(describeConfig(apiConfigSchema, loadConfig(apiConfigSchema, sound)))
    expect(shown).not.toContain('canary')
    expect(shown).toContain('"ZOHO_WEBHOOK_SECRETS":"set"')
  })
})

describe('publicUrl', () => {
  it.each<[Partial<ApiConfig>, string]>([
    [{}, 'http://127.0.0.1:8001'],
    [{ API_HOST: '::1' }, 'http://[::1]:8001'],
    [{ PUBLIC_URL: 'https://tds.example/' }, 'https://tds.example'],
  ])('of %j is %s', (given, url) => {
    expect(publicUrl({ ...loadConfig(apiConfigSchema, sound), ...given })).toBe(url)
  })
})

function problemsOf(env: Record<string, string>): string[] {
  try {
    loadConfig(apiConfigSchema, env)
    return []
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map(({ name }) => name)
    throw error
  }
}

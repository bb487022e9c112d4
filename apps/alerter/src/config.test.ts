import { loadConfig } from '@tds/runtime'
import { alerterConfigSchema } from './config.ts'

const database = { DATABASE_URL: 'postgresql://tds@127.0.0.1/tds' }

function load(env: Readonly<Record<string, string>>) {
  return loadConfig(alerterConfigSchema, { ...database, ...env })
}

describe('the configuration of the alerter', () => {
  it('needs the database only, and tells people in English then', () => {
    expect(load({})).toMatchObject({ ALERT_LANGUAGE: 'en', ALERTER_HEALTH_PORT: 8003 })
  })

  it('names what a way to people lacks', () => {
    expect(() => load({ SMTP_URL: 'smtps://mail.example.com' })).toThrow(
      /ALERT_EMAIL_FROM: not set; needed because SMTP_URL is set[^]*ALERT_EMAIL_TO: not set/,
    )
    expect(() => load({ TELEGRAM_CHAT_ID: '-1001' })).toThrow(/TELEGRAM_BOT_TOKEN: not set/)
    expect(() => load({ ALERT_WEBHOOK_URL: 'https://example.com/in' })).toThrow(
      /ALERT_WEBHOOK_SECRET: not set/,
    )
  })

  it('takes this machine as a receiver outside of production only', () => {
    const own = { SLACK_WEBHOOK_URL: 'http://127.0.0.1:9/' }
    expect(() => load(own)).toThrow(/SLACK_WEBHOOK_URL: not an address that messages are sent to/)
    expect(load({ ...own, TDS_ENVIRONMENT: 'demo' })).toMatchObject(own)
  })

  it('never shows the secret address of a receiver in what it complains of', () => {
    const secret = 'ftp://hooks.example.com/canary-71c'
    expect(() => load({ SLACK_WEBHOOK_URL: secret })).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining('canary-71c') as unknown }),
    )
  })
})

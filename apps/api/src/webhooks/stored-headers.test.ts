import { storedHeaders } from './stored-headers.ts'

describe('storedHeaders', () => {
  it.each([
    'authorization',
    'proxy-authorization',
    'cookie',
    'x-webhook-key',
    'x-api-key',
    'apikey',
    'x-access-token',
    'x-client-secret',
    'x-password',
    'x-session-id',
  ])('masks %s', (name) => {
    expect(storedHeaders({ [name]: 'canary' })).toEqual({ [name]: '[masked]' })
  })

  it.each(['x-zoho-webhook-signature', 'content-type', 'user-agent', 'x-request-id', 'host'])(
    'keeps %s',
    (name) => {
      expect(storedHeaders({ [name]: 'value' })).toEqual({ [name]: 'value' })
    },
  )

  it('joins what was sent several times', () => {
    expect(storedHeaders({ 'set-cookie': ['a'], link: 'x' })).toEqual({ 'set-cookie': '[masked]', link: 'x' })
  })
})

import { TdsError } from '@tds/runtime'

import { classifyDatabaseError, isDatabaseConflict, isDatabaseUnavailable } from './database-errors.ts'

function sqlError(code: string, more: Record<string, unknown> = {}): Error {
  return Object.assign(new Error('as Postgres says it'), { code, severity: 'ERROR', ...more })
}

describe('classifyDatabaseError', () => {
  it.each([
    ['08006', 'database_unavailable', 'retry'],
    ['57P01', 'database_unavailable', 'retry'],
    ['57P03', 'database_unavailable', 'retry'],
    ['25006', 'database_unavailable', 'retry'],
    ['28P01', 'database_refused', 'retry'],
    ['53300', 'database_overload', 'retry'],
    ['53400', 'database_overload', 'retry'],
    ['57014', 'database_overload', 'retry'],
    ['53100', 'database_full', 'retry'],
    ['40001', 'database_conflict', 'retry'],
    ['40P01', 'database_conflict', 'retry'],
    ['55P03', 'database_conflict', 'retry'],
    ['22003', 'database_data', 'dead-letter'],
    ['22P05', 'database_data', 'dead-letter'],
    ['23505', 'database_data', 'dead-letter'],
    ['54001', 'database_data', 'dead-letter'],
    ['42703', 'database_statement', 'dead-letter'],
    ['42501', 'database_statement', 'dead-letter'],
  ])('takes SQLSTATE %s for %s: %s', (sqlState, code, disposition) => {
    expect(classifyDatabaseError(sqlError(sqlState))).toMatchObject({ code, disposition })
  })

  it.each(['ECONNREFUSED', 'ECONNRESET', 'ETIMEDOUT', 'EPIPE', 'ENOTFOUND', 'EAI_AGAIN'])(
    'takes a failed system call (%s) for an absent database',
    (code) => {
      const error = Object.assign(new Error('connect'), { code })
      expect(classifyDatabaseError(error)).toMatchObject({
        code: 'database_unavailable',
        disposition: 'retry',
      })
    },
  )

  it.each([
    ['timeout exceeded when trying to connect', 'database_overload'],
    ['Query read timeout', 'database_overload'],
    ['Connection terminated unexpectedly', 'database_unavailable'],
    ['Connection terminated due to connection timeout', 'database_unavailable'],
  ])('knows what the client says without a code: %s', (message, code) => {
    expect(classifyDatabaseError(new Error(message)).code).toBe(code)
  })

  it('keeps names and leaves out values', () => {
    const error = sqlError('23505', {
      table: 'tds_products',
      constraint: 'tds_products_pkey',
      detail: 'Key (name)=(private) already exists.',
    })
    const classified = classifyDatabaseError(error)
    expect(classified.facts).toEqual({
      sqlState: '23505',
      table: 'tds_products',
      constraint: 'tds_products_pkey',
    })
    expect(JSON.stringify([classified.message, classified.facts])).not.toContain('private')
  })

  it('lets an error of ours pass', () => {
    const ours = new TdsError('x', { code: 'x', disposition: 'reject', nextStep: 'x' })
    expect(classifyDatabaseError(ours)).toBe(ours)
  })

  it('takes what it does not know for unexpected, to be tried again', () => {
    const classified = classifyDatabaseError(new TypeError('x is not a function'))
    expect(classified).toMatchObject({ code: 'unexpected', disposition: 'retry' })
  })
})

describe('the questions about an error', () => {
  it('tell a conflict from an absence', () => {
    expect(isDatabaseConflict(sqlError('40P01'))).toBe(true)
    expect(isDatabaseUnavailable(sqlError('40P01'))).toBe(false)
    expect(isDatabaseUnavailable(sqlError('57P03'))).toBe(true)
    expect(isDatabaseUnavailable(classifyDatabaseError(sqlError('53300')))).toBe(true)
    expect(isDatabaseConflict(sqlError('57P03'))).toBe(false)
  })
})

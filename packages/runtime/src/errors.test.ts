import { runInNewContext } from 'node:vm'
import { codeOf, ConfigError, isError, messageOf, TdsError } from './errors.ts'

describe('TdsError', () => {
  it('carries its decision, next step, facts and cause as data', () => {
    const cause = new Error('socket hang up')
    const error = new TdsError('Zoho did not answer', {
      code: 'transport',
      disposition: 'retry',
      nextStep: 'Wait.',
      facts: { host: 'books' },
      cause,
    })
    expect(error).toMatchObject({
      name: 'TdsError',
      code: 'transport',
      disposition: 'retry',
      nextStep: 'Wait.',
      facts: { host: 'books' },
      cause,
    })
    expect(error).toBeInstanceOf(Error)
  })

  it('has empty facts and no cause unless given', () => {
    const error = new TdsError('no', { code: 'x', disposition: 'reject', nextStep: 'None.' })
    expect(error.facts).toEqual({})
    expect('cause' in error).toBe(false)
  })
})

describe('ConfigError', () => {
  it('names every problem in its message', () => {
    const error = new ConfigError([
      { name: 'A', message: 'not set' },
      { name: 'B', message: 'got "x"' },
    ])
    expect(error.message).toBe('The configuration has 2 problems: A: not set; B: got "x"')
    expect(error).toMatchObject({ name: 'ConfigError', disposition: 'reject', facts: { names: ['A', 'B'] } })
  })
})

describe('isError', () => {
  it('knows errors of another realm', () => {
    expect(isError(runInNewContext('new TypeError("other realm")'))).toBe(true)
    expect(isError({ message: 'only looks like one' })).toBe(false)
  })
})

describe('messageOf', () => {
  it('is never empty', () => {
    expect(messageOf(new Error('plain'))).toBe('plain')
    expect(messageOf('thrown text')).toBe('thrown text')
    expect(messageOf(undefined)).toBe('thrown: undefined')
    expect(messageOf(Object.assign(new Error(''), { code: 'ECONNRESET' }))).toBe('ECONNRESET')
    expect(messageOf(new RangeError(''))).toBe('RangeError')
    expect(
      messageOf(new AggregateError([new Error('refused by ::1'), new Error('refused by 127.0.0.1')])),
    ).toBe('refused by ::1; refused by 127.0.0.1')
  })
})

describe('codeOf', () => {
  it('takes a code only if it is a text', () => {
    expect(codeOf({ code: '40001' })).toBe('40001')
    expect(codeOf({ code: 7 })).toBeUndefined()
    expect(codeOf(null)).toBeUndefined()
  })
})

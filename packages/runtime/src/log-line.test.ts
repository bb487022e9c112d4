import fc from 'fast-check'
import { TdsError } from './errors.ts'
import { formatLogLine, longestLogLine, type LogEntry } from './log-line.ts'
import { registerSecret } from './redaction.ts'

function entry(changes: Partial<LogEntry> = {}): LogEntry {
  return {
    time: new Date('2026-02-03T04:05:06.789Z'),
    level: 'info',
    daemon: 'worker',
    logger: 'worker:batch',
    message: 'batch applied',
    context: {},
    facts: {},
    ...changes,
  }
}

function json(changes: Partial<LogEntry> = {}): Record<string, unknown> {
  return JSON.parse(formatLogLine(entry(changes), 'json')) as Record<string, unknown>
}

const refused = new TdsError('Zoho refused', {
  code: 'zoho_auth',
  disposition: 'dead-letter',
  nextStep: 'Renew it.',
})

describe('formatLogLine as json', () => {
  it('has the documented fields', () => {
    const line = json({
      level: 'error',
      context: { requestId: 'r-1', eventId: 'e-1', runId: 's-1' },
      facts: { applied: 3, error: refused },
    })
    expect(line).toMatchObject({
      timestamp: '2026-02-03T04:05:06.789Z',
      level: 'error',
      daemon: 'worker',
      logger: 'worker:batch',
      message: 'batch applied',
      requestId: 'r-1',
      eventId: 'e-1',
      runId: 's-1',
      facts: { applied: 3 },
      error: {
        code: 'zoho_auth',
        disposition: 'dead-letter',
        nextStep: 'Renew it.',
        message: 'Zoho refused',
      },
    })
    expect(line['error']).toHaveProperty('stack')
  })

  it('leaves out what there is none of', () => {
    expect(Object.keys(json())).toEqual(['timestamp', 'level', 'daemon', 'logger', 'message'])
  })

  it('is one line without control characters or direction marks, whatever comes in', () => {
    const hostile = 'a\r\n{"level":"error"}\u001b[31m\u009b2J\u2028\u202e\u0000\u007f'
    const line = formatLogLine(entry({ message: hostile, facts: { [hostile]: hostile } }), 'json')
    // eslint-disable-next-line no-control-regex -- these characters are what it is about
    expect(line).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e]/)
    expect(JSON.parse(line)).toMatchObject({ message: hostile })
  })

  it('blots out a registered secret in the parts that callers think harmless', () => {
    registerSecret('line-canary')
    const line = formatLogLine(
      entry({
        message: 'line-canary',
        context: { requestId: 'line-canary' },
        facts: { 'line-canary': 'line-canary' },
      }),
      'json',
    )
    expect(line).not.toContain('line-canary')
  })
})

describe('formatLogLine as pretty', () => {
  it('reads as a sentence with its facts behind it', () => {
    const line = formatLogLine(
      entry({ context: { eventId: 'e-1' }, facts: { applied: 3, types: ['a'] } }),
      'pretty',
    )
    expect(line).toBe('04:05:06.789 info  worker:batch  batch applied  eventId=e-1 applied=3 types=["a"]')
  })

  it('tells an error with its next step and indented stack beneath', () => {
    const lines = formatLogLine(entry({ level: 'error', facts: { error: refused } }), 'pretty').split('\n')
    expect(lines[1]).toBe('    TdsError [zoho_auth]: Zoho refused')
    expect(lines[2]).toBe('    next step: Renew it.')
    expect(lines.slice(4)).toEqual(lines.slice(4).filter((line) => line.startsWith('    at ')))
    expect(lines.length).toBeGreaterThan(5)
  })

  it('lets no text begin a line of its own', () => {
    const hostile = 'x\n04:05:06.789 error fake\u001b[2J'
    const error = new Error(hostile)
    const line = formatLogLine(entry({ message: hostile, facts: { hostile, error } }), 'pretty')
    expect(line).not.toMatch(/\n04:05/)
    expect(line).not.toContain('\u001b')
  })
})

describe('formatLogLine in either format', () => {
  const facts = {
    text: 'x'.repeat(1_000_000),
    list: Array.from({ length: 1000 }, (_, index) => ({ index, note: 'ж'.repeat(300) })),
    escapes: '\u0001'.repeat(50_000),
  }

  it.each(['json', 'pretty'] as const)('cuts a giant %s line to 8 kB and keeps it whole', (format) => {
    const error = new Error('m'.repeat(100_000), { cause: new Error('\u009b'.repeat(100_000)) })
    const giant = entry({
      message: 'm'.repeat(100_000),
      logger: 'l'.repeat(9000),
      facts: { ...facts, error },
    })
    const line = formatLogLine(giant, format)
    expect(Buffer.byteLength(line)).toBeLessThanOrEqual(longestLogLine)
    expect(line).toContain('2026-02-03T04:05:06.789Z'.slice(11, 23))
    expect(line).toContain('…')
  })

  it('says that facts were left out when there are too many', () => {
    const many = Object.fromEntries(
      Array.from({ length: 99 }, (_, index) => [`k${String(index)}`.padEnd(90), facts.list]),
    )
    const line = formatLogLine(entry({ facts: { ...many, error: refused } }), 'json')
    expect(JSON.parse(line)).toMatchObject({ factsLeftOut: true, error: { code: 'zoho_auth' } })
  })

  it('never throws, stays within 8 kB and stays JSON for anything at all', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary' }),
        fc.dictionary(fc.string(), fc.anything()),
        (message, anything) => {
          const line = formatLogLine(entry({ message, facts: anything }), 'json')
          expect(Buffer.byteLength(line)).toBeLessThanOrEqual(longestLogLine)
          expect(JSON.parse(line)).toHaveProperty('level', 'info')
          expect(line).not.toContain('\n')
        },
      ),
    )
  })
})

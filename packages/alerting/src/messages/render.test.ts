import { aMessage, anAlert } from '../testing/messages.ts'
import { cleanText, cutText, shownValue } from './clean-text.ts'
import { plainText } from './plain-text.ts'
import { renderMessage } from './render.ts'

function textOf(different: Parameters<typeof aMessage>[0], language: 'en' | 'ar' = 'en'): string {
  return plainText(renderMessage({ id: 'some-id', message: aMessage(different), language }))
}

describe('renderMessage', () => {
  it('tells a single alert in full', () => {
    expect(textOf({ alerts: [anAlert({ labels: { entity: 'product' } })] })).toBe(
      [
        '[demo] [warning] Firing: Too much waits',
        '',
        'State: firing',
        'Severity: warning',
        'Rule: queue_backlog',
        'About: entity=product',
        'Value: 1234',
        'Threshold: 1000',
        'Since: 2026-01-01 11:55:00 UTC',
        'Duration: 5 min 0 s',
        'Alerts: 1 firing, 0 resolved',
        'Environment: demo',
        'Message: some-id',
        '',
        'What to do: https://docs.example.test/alerts/queue_backlog',
        'Look at it: https://tds.example.test/alerts/1',
      ].join('\n'),
    )
  })

  it('tells how long what is over lasted', () => {
    const alert = anAlert({
      state: 'resolved',
      since: '2026-01-01T10:00:00Z',
      endedAt: '2026-01-01T11:30:00Z',
    })
    expect(textOf({ kind: 'resolved', alerts: [alert] })).toContain('Duration: 1 h 30 min')
  })

  it('speaks Arabic, with the titles of rules in it', () => {
    const text = textOf({ reason: 'silence ended' }, 'ar')
    expect(text).toContain('أحداث كثيرة تنتظر المعالجة')
    expect(text).toContain('انتهى الإسكات')
    expect(text).not.toMatch(/State|Severity|Firing/)
  })

  it('leads nowhere but to the web', () => {
    const text = textOf({ alertUrl: 'javascript:alert(1)', runbookUrl: 'https://a.test/" onclick="x' })
    expect(text).not.toContain('javascript')
    expect(text).not.toContain('onclick')
  })

  it('tells the place of a page that has no address', () => {
    expect(textOf({ runbookUrl: 'docs/operations/alerts/sync_lag.md' })).toContain(
      'docs/operations/alerts/sync_lag.md',
    )
  })

  it('counts what is not listed', () => {
    expect(textOf({ alerts: [anAlert(), anAlert()], more: 40 })).toContain('+ 40 more')
  })
})

describe('cleanText', () => {
  it('removes control characters and marks of direction, and keeps letters of every script and their joiners', () => {
    expect(cleanText('a\u0000b\r\nc\u202Ed\u2066e\u200Ff\u2028g')).toBe('a b cdef g')
    expect(cleanText('می\u200Cخواهم كتاب 👩\u200D🔧')).toBe('می\u200Cخواهم كتاب 👩\u200D🔧')
  })
})

describe('cutText', () => {
  it('halves no character', () => {
    expect(cutText('😀'.repeat(10), 5)).toBe('😀😀😀😀…')
    expect(shownValue('x'.repeat(500))).toHaveLength(200)
  })
})

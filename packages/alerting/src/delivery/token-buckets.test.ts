import fc from 'fast-check'
import { atMost } from '../receivers/receiver.ts'
import type { Severity } from '../severity.ts'
import { reserveOf, takeToken } from './token-buckets.ts'

const attempts = fc.array(
  fc.record({
    afterMs: fc.integer({ min: -2000, max: 20_000 }),
    severity: fc.constantFrom<Severity>('critical', 'warning'),
  }),
  { maxLength: 200 },
)
const limits = fc.constantFrom(
  [atMost(30, { key: 'minute', perSeconds: 60, burst: 10 })],
  [atMost(20, { key: 'group', perSeconds: 60, burst: 5 }), { key: 'chat', capacity: 1, perSecond: 1 }],
  [atMost(60, { key: 'recipient', perSeconds: 3600, burst: 20 })],
)

describe('takeToken', () => {
  it('never lets more out in any time than a bucket and what flows in, whatever the clock does', () => {
    fc.assert(
      fc.property(limits, attempts, (buckets, tries) => {
        let tokens = {}
        let nowMs = 1_000_000
        let furthestMs = nowMs
        const taken: number[] = []
        for (const { afterMs, severity } of tries) {
          nowMs += afterMs
          // What flows in twice because the clock went back is not counted as time that passed.
          if (nowMs < furthestMs) nowMs = furthestMs
          furthestMs = nowMs
          const answer = takeToken({ limits: buckets, stored: tokens, nowMs }, severity)
          tokens = answer.tokens
          if (answer.taken) taken.push(nowMs)
        }
        for (const { capacity, perSecond } of buckets)
          for (const [index, from] of taken.entries())
            for (const [more, until] of taken.slice(index).entries())
              expect(more + 1).toBeLessThanOrEqual(capacity + ((until - from) / 1000) * perSecond + 0.001)
      }),
    )
  })

  it('keeps a fifth of each bucket for critical messages', () => {
    const bucket = atMost(30, { key: 'minute', perSeconds: 60, burst: 10 })
    let stored = {}
    function takeAll(severity: Severity): number {
      for (let count = 0; ; count += 1) {
        const answer = takeToken({ limits: [bucket], stored, nowMs: 0 }, severity)
        stored = answer.tokens
        if (!answer.taken) return count
      }
    }
    expect(reserveOf(bucket)).toBe(2)
    expect(takeAll('warning')).toBe(8)
    expect(takeAll('critical')).toBe(2)
  })

  it('lets a message out once the wait that it named is over', () => {
    fc.assert(
      fc.property(limits, fc.integer({ min: 1, max: 60 }), (buckets, spent) => {
        let stored = {}
        for (let count = 0; count < spent; count += 1)
          stored = takeToken({ limits: buckets, stored, nowMs: 0 }, 'critical').tokens
        const { waitMs } = takeToken({ limits: buckets, stored, nowMs: 0 }, 'warning')
        expect(takeToken({ limits: buckets, stored, nowMs: waitMs }, 'warning').taken).toBe(true)
      }),
    )
  })

  it('takes from all buckets or from none', () => {
    const [fast, slow] = [
      { key: 'fast', capacity: 5, perSecond: 5 },
      { key: 'slow', capacity: 1, perSecond: 0.01 },
    ]
    const first = takeToken({ limits: [fast, slow], stored: {}, nowMs: 0 }, 'warning')
    const second = takeToken({ limits: [fast, slow], stored: first.tokens, nowMs: 0 }, 'warning')
    expect(second.taken).toBe(false)
    expect(second.tokens).toEqual(first.tokens)
  })
})

import { freshnessCheck } from './freshness.ts'
import { manualClock } from './testing/manual-clock.ts'

function setup() {
  const clock = manualClock()
  let last: Date | null = null
  const check = freshnessCheck({ name: 'beats', lastSuccessAt: () => last, maxAgeMs: 30_000, clock })
  return { clock, check, succeed: () => (last = clock.now()) }
}

describe('freshnessCheck', () => {
  it('is healthy while the last success is recent, and degraded afterwards', async () => {
    const { clock, check, succeed } = setup()
    succeed()
    await clock.advance(30_000)
    expect(check.check()).toMatchObject({ status: 'healthy', detail: 'last succeeded 30 s ago' })
    await clock.advance(1000)
    expect(check.check()).toMatchObject({ status: 'degraded', detail: 'last succeeded 31 s ago' })
  })

  it('gives a first success the same time', async () => {
    const { clock, check } = setup()
    expect(check.check()).toMatchObject({ status: 'healthy', detail: 'has not succeeded yet, after 0 s' })
    await clock.advance(31_000)
    expect(check.check()).toMatchObject({ status: 'degraded' })
  })
})

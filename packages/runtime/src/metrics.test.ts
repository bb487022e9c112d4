import { collectProcessMetrics, counter, gauge, histogram, metricsRegistry } from './metrics.ts'

describe('the metric factories', () => {
  it('give the same metric for the same name', async () => {
    counter({ name: 'tds_test_total', help: 'A test.', labelNames: ['outcome'] }).inc({ outcome: 'ok' })
    counter({ name: 'tds_test_total', help: 'A test.', labelNames: ['outcome'] }).inc({ outcome: 'ok' })
    expect(gauge({ name: 'tds_test_level', help: 'x' })).toBe(gauge({ name: 'tds_test_level', help: 'x' }))
    expect(histogram({ name: 'tds_test_seconds', help: 'x' })).toBe(
      histogram({ name: 'tds_test_seconds', help: 'x' }),
    )
    expect(await metricsRegistry.getSingleMetricAsString('tds_test_total')).toContain(
      'tds_test_total{outcome="ok"} 2',
    )
  })

  it('refuse a name that is taken by another kind', () => {
    counter({ name: 'tds_taken_total', help: 'x' })
    expect(() => gauge({ name: 'tds_taken_total', help: 'x' })).toThrow('of another kind')
  })

  it('let a gauge be set when it is read', async () => {
    gauge({
      name: 'tds_fresh',
      help: 'x',
      collect: (fresh) => {
        fresh.set(7)
      },
    })
    expect(await metricsRegistry.getSingleMetricAsString('tds_fresh')).toContain('tds_fresh 7')
  })

  it('measure in buckets from milliseconds to a minute', async () => {
    histogram({ name: 'tds_buckets_seconds', help: 'x' }).observe(0.02)
    const text = await metricsRegistry.getSingleMetricAsString('tds_buckets_seconds')
    expect(text).toContain('tds_buckets_seconds_bucket{le="0.01"} 0')
    expect(text).toContain('tds_buckets_seconds_bucket{le="0.025"} 1')
    expect(text).toContain('le="60"')
  })
})

describe('collectProcessMetrics', () => {
  it('tells of process and event loop, and may be called twice', async () => {
    collectProcessMetrics()
    collectProcessMetrics()
    const text = await metricsRegistry.metrics()
    expect(text).toContain('process_resident_memory_bytes')
    expect(text).toContain('nodejs_eventloop_lag_seconds')
  })
})

import '@tds/alerter'
import '@tds/api'
import { createHealth, metricsRegistry } from '@tds/runtime'
import '@tds/worker'
import { readPage, rowsWith } from '../testing/docs/pages.ts'

/** What prom-client keeps of a metric; its types leave out the labels. */
interface KnownMetric {
  readonly name: string
  readonly help: string
  readonly labelNames: readonly string[]
}

describe('docs/reference/metrics.md', () => {
  it('lists every metric of ours as it is registered, and no other', async () => {
    createHealth({ daemon: 'docs', version: '0', checks: [], ready: () => ({ ready: true, detail: '' }) })
    const types = new Map(
      (await metricsRegistry.getMetricsAsJSON()).map(({ name, type }) => [name, String(type)]),
    )
    const registered = (metricsRegistry.getMetricsAsArray() as unknown as KnownMetric[])
      .filter(({ name }) => name.startsWith('tds_'))
      .map(({ name, help, labelNames }) => ({
        name,
        type: types.get(name),
        labels: labelNames.join(', '),
        help,
      }))
    const told = rowsWith(readPage('docs/reference/metrics.md'), 'metric', 'type', 'labels').map((row) => ({
      name: row['metric'] ?? '',
      type: row['type'],
      labels: row['labels'],
      help: row['what it says'],
    }))
    expect(told.sort(byName)).toEqual(registered.sort(byName))
  })
})

function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  return a.name < b.name ? -1 : 1
}

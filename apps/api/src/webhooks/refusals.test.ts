import { metricsRegistry } from '@tds/runtime'
import { captureLogs, describeService } from '@tds/runtime/testing'
import { refusals, type Refusal } from './refusals.ts'

describeService('refusals', () => ({ service: refusals({ count: ignore }) }))

describe('refusals', () => {
  it('tells a thousand refusals of a kind in one line, with size and digest and without the body', async () => {
    const logs = captureLogs()
    const noting = refusals({ count: ignore })
    await noting.start()
    for (let turn = 0; turn < 1000; turn += 1) noting.note(wrongSignature)
    noting.note({ ...wrongSignature, answer: 413, reason: 'body_limit', size: 2_000_000 })
    await noting.stop()
    const told = logs.records().filter(({ message }) => message === 'deliveries were refused')
    expect(told.map(({ facts }) => facts)).toEqual([
      {
        times: 1000,
        answer: 401,
        reason: 'signature_wrong',
        resource: 'products',
        size: 13,
        remoteAddress: '203.0.113.9',
        requestId: 'first',
        // printf 'canary-canary' | sha256sum
        sha256: '72e8044a9a76310b068da39135c47254e5a10bfbf03980ed20cd29755a8abd64',
      },
      expect.objectContaining({ times: 1, answer: 413, reason: 'body_limit', size: 2_000_000 }),
    ])
    expect(logs.text()).not.toContain('canary')
  })

  it('counts every one', async () => {
    const before = await countedRefusals()
    const noting = refusals({ count: ignore })
    for (let turn = 0; turn < 5; turn += 1) noting.note({ ...wrongSignature, resource: 'invoices' })
    expect((await countedRefusals()) - before).toBe(5)
  })
})

function ignore(): void {
  // What is counted is told by refusal-counts.test.ts.
}

const wrongSignature: Refusal = {
  answer: 401,
  reason: 'signature_wrong',
  resource: 'products',
  address: '203.0.113.9',
  requestId: 'first',
  size: 13,
  rawBody: Buffer.from('canary-canary'),
}

async function countedRefusals(): Promise<number> {
  const metric = await metricsRegistry.getSingleMetric('tds_webhook_refusals_total')?.get()
  const mine = metric?.values.filter(({ labels }) => labels['resource'] === 'invoices') ?? []
  return mine.reduce((sum, { value }) => sum + value, 0)
}

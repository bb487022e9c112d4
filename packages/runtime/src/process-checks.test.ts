import { processChecks, processThresholds } from './process-checks.ts'

describe('processChecks', () => {
  async function report() {
    const results = await Promise.all(
      processChecks().map(async (check) => [check.name, await check.check()] as const),
    )
    return new Map(results)
  }

  it('tells of event loop, memory and disk', async () => {
    const found = await report()
    expect([...found.keys()]).toEqual(['event loop', 'memory', 'disk'])
    expect(found.get('memory')?.facts).toMatchObject({ residentBytes: expect.any(Number) })
    expect(found.get('disk')?.facts).toMatchObject({ freeBytes: expect.any(Number) })
  })

  it('notices a loop that is held up', async () => {
    const [loop] = processChecks()
    const holdMs = processThresholds.eventLoopLagMs.degraded * 1.2
    await new Promise((resolve) => setTimeout(resolve, 50))
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, holdMs)
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(await loop?.check()).toMatchObject({ status: 'degraded' })
  })
})

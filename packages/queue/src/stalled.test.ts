import { stalledSeconds } from './stalled.ts'

describe('stalledSeconds', () => {
  const idle = { name: 'apply-events', count: 0, createdOn: 0, lastFetchedOn: 100_000 }

  it('is nothing where no loop runs', () => {
    expect(stalledSeconds([], 1_000_000)).toBe(0)
  })

  it('counts from the last answer to a poll, or from the beginning where there was none', () => {
    expect(stalledSeconds([idle], 130_000)).toBe(30)
    expect(stalledSeconds([{ ...idle, lastFetchedOn: null }], 130_000)).toBe(130)
  })

  it('is that of the loop that is worst off', () => {
    expect(stalledSeconds([idle, { ...idle, lastFetchedOn: 70_000 }], 130_000)).toBe(60)
  })

  it('takes jobs in hand for progress until they expire', () => {
    const working = { ...idle, count: 3 }
    expect(stalledSeconds([working], 155_000)).toBe(0)
    expect(stalledSeconds([working], 170_000)).toBe(10)
    expect(stalledSeconds([{ ...working, name: 'read-record' }], 170_000)).toBe(0)
  })
})

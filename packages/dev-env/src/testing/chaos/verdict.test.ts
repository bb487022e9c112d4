import { verdictLines, verdictOf } from './verdict.ts'

const nothing = { attempts: [] }

function strike(recoveryMs: number | null) {
  const unwell = recoveryMs === null ? ['3 product processing'] : []
  return { fault: 'worker-killed', scenario: 'F-05', recoveryMs, unwell }
}

describe('verdictOf', () => {
  it('is good where nothing was broken and every fault was recovered from', () => {
    const verdict = verdictOf({
      seed: 1,
      strikes: [strike(4_000), strike(9_000)],
      history: nothing,
      broken: [],
    })
    expect(verdict).toMatchObject({ ok: true, lost: 0, wrong: 0, doubled: 0, recoveryP95Ms: 9_000 })
  })

  it('is bad where a fault was not recovered from in time, although nothing was lost', () => {
    const verdict = verdictOf({
      seed: 1,
      strikes: [strike(4_000), strike(null)],
      history: nothing,
      broken: [],
    })
    expect(verdict.ok).toBe(false)
    expect(verdictLines(verdict).join('\n')).toContain('2, recovered from 1')
    expect(verdictLines(verdict)).toContain('  not recovered: worker-killed: 3 product processing')
  })

  it('tells what is lost, what is wrong and what was done twice apart', () => {
    const broken = [
      'lost: a',
      'audit: b',
      'history: c',
      'went back: d',
      'differs: e',
      'ended: f',
      'secret: g',
    ]
    const verdict = verdictOf({ seed: 1, strikes: [], history: nothing, broken })
    expect(verdict).toMatchObject({ ok: false, lost: 1, doubled: 2, wrong: 4 })
    expect(verdictLines(verdict).at(-1)).toBe('verdict: NOT everything held')
  })
})

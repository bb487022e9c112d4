import { closingLine } from './closing-line.ts'

describe('closingLine', () => {
  const clean = {
    numPassedTests: 12,
    numFailedTests: 0,
    numRuntimeErrorTestSuites: 0,
    numPendingTests: 0,
    numTodoTests: 0,
    wasInterrupted: false,
  }

  it('counts the tests of the run', () => {
    expect(closingLine({ ...clean, numFailedTests: 2, numPendingTests: 3, numTodoTests: 1 })).toBe(
      '12 passed, 2 failed, 4 skipped',
    )
  })

  it('counts a suite that could not run as failed', () => {
    expect(closingLine({ ...clean, numRuntimeErrorTestSuites: 1 })).toBe('12 passed, 1 failed, 0 skipped')
  })

  it('does not call a run clean that was broken off', () => {
    expect(closingLine({ ...clean, wasInterrupted: true })).toBe('12 passed, 1 failed, 0 skipped')
  })
})

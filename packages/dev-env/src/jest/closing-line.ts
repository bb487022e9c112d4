/** The counts of a run, named as Jest names them. */
export interface RunCounts {
  numPassedTests: number
  numFailedTests: number
  /** Suites that failed before any of their tests could run. */
  numRuntimeErrorTestSuites: number
  numPendingTests: number
  numTodoTests: number
  wasInterrupted: boolean
}

/**
 * Prints `N passed, N failed, N skipped` as the very last line of a run, for people and for programs that read it.
 * A suite that could not run at all counts as failed, and so does a run that was broken off.
 */
// eslint-disable-next-line import-x/no-default-export -- Jest takes a reporter from there
export default class ClosingLine {
  onRunComplete(_contexts: unknown, results: RunCounts): void {
    const line = closingLine(results)
    // After the teardown, and after whatever Jest still has to say.
    process.once('exit', () => {
      process.stdout.write(`${line}\n`)
    })
  }
}

/** The closing line of a run. */
export function closingLine(results: RunCounts): string {
  const failed = results.numFailedTests + results.numRuntimeErrorTestSuites + (results.wasInterrupted ? 1 : 0)
  const skipped = results.numPendingTests + results.numTodoTests
  return `${results.numPassedTests} passed, ${failed} failed, ${skipped} skipped`
}

/** One measured number, beside what it is held against. */
export interface Figure {
  readonly name: string
  readonly value: number
  readonly unit: 'events/s' | 'requests/s' | 'records/s' | 'calls' | 'records' | 's' | 'ms' | 'MB' | 'ratio'
  /** What it is compared with, measured in the same run; absent for plain facts such as memory. */
  readonly peer?: { readonly name: string; readonly value: number }
  /** What the contract promises, in words, and whether this run kept it. */
  readonly promise?: { readonly text: string; readonly kept: boolean }
}

/** What one benchmark found, and what its figures include. */
export interface BenchResult {
  readonly bench: string
  readonly includes: string
  readonly figures: readonly Figure[]
}

/** The middle and the far end of a set of times, by nearest rank. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((left, right) => left - right)
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? NaN
}

/** Prints results for people: one line a figure, its peer and the promise behind it. */
export function printResult(result: BenchResult): void {
  console.log(`\n${result.bench}: ${result.includes}`)
  for (const figure of result.figures) {
    const peer =
      figure.peer === undefined
        ? ''
        : `   ${figure.peer.name}: ${shown(figure.peer.value)} (${ratio(figure)})`
    const promise =
      figure.promise === undefined
        ? ''
        : `   [${figure.promise.kept ? 'kept' : 'MISSED'}: ${figure.promise.text}]`
    console.log(
      `  ${figure.name.padEnd(44)} ${shown(figure.value).padStart(9)} ${figure.unit.padEnd(10)}${peer}${promise}`,
    )
  }
}

function ratio(figure: Figure): string {
  return figure.peer === undefined ? '' : `× ${(figure.value / figure.peer.value).toFixed(2)}`
}

function shown(value: number): string {
  return value >= 100 ? String(Math.round(value)) : value.toFixed(value >= 10 ? 1 : 2)
}

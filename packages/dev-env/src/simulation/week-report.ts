/** What a week came to. */
export interface Week {
  readonly calls: readonly { day: string; lane: string; purpose: string; calls: number }[]
  /** From the start to the last detail of the first load; null where that did not come. */
  readonly daysToLoad: number | null
  /** Of what changed before the first load was complete, and since then. */
  readonly stalenessBefore: ReadonlyMap<string, readonly number[]>
  readonly staleness: ReadonlyMap<string, readonly number[]>
  /** Hours, by type, at worst. */
  readonly certificates: Readonly<Record<string, number>>
  readonly refused: Readonly<Record<string, number>>
  readonly mostInMinute: number
  /** Records that differ at the end, and of them those that changed so recently that this was to be expected. */
  readonly different: number
  readonly unexpected: readonly string[]
  readonly machineMinutes: number
}

/** Says in tables what a week came to. */
export function reportOf(perDay: number, week: Week): string {
  const { daysToLoad, certificates, mostInMinute, different, machineMinutes } = week
  const worst = Object.entries(certificates).map(([type, hours]) => `${type} ${hours.toFixed(1)}`)
  return [
    `${String(perDay)} calls a day: loaded after ${daysToLoad?.toFixed(2) ?? 'never'} days; at most ${String(mostInMinute)} calls in a minute; ${String(different)} records different at the end; ${machineMinutes.toFixed(1)} minutes of the machine`,
    `certificates, hours at worst: ${worst.join(', ')}`,
    'calls: day | lane | purpose | calls',
    ...week.calls.map(({ day, lane, purpose, calls }) => [day, lane, purpose, calls].join(' | ')),
    'staleness in minutes of what changed before the load was complete: what | changes | half of them within | P95 | longest',
    ...[...week.stalenessBefore].sort().map(([what, minutes]) => `${what} | ${quantilesOf(minutes)}`),
    'and since then',
    ...[...week.staleness].sort().map(([what, minutes]) => `${what} | ${quantilesOf(minutes)}`),
  ].join('\n')
}

function quantilesOf(minutes: readonly number[]): string {
  const sorted = [...minutes].sort((left, right) => left - right)
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0
  return [String(sorted.length), ...[at(0.5), at(0.95), at(1)].map((value) => value.toFixed(1))].join(' | ')
}

import type { LimitName } from '../limits/limit-name.ts'
import type { JournalEntry } from './journal.ts'

/** The calls counted since the start, or since the journal was cleared. */
export interface CallCounts {
  /** Calls of the two products. */
  calls: number
  byStatus: Record<string, number>
  byCode: Record<string, number>
  /** 429s that the caller brought upon itself, by the limit that was crossed. */
  refusedBy: Record<LimitName, number>
  /** Calls that met a fault, by the fault's name. */
  faults: Record<string, number>
  /** Calls that got no answer. */
  unanswered: number
  /** The most calls that any sixty seconds held. */
  mostInMinute: number
  /** The most calls at once. */
  mostInFlight: number
  tokenRequests: number
  tokensIssued: number
  /** Token requests that got no token, by the error. */
  tokensRefused: Record<string, number>
}

/** Counts calls as they end. */
export interface CallCounters {
  count(entry: JournalEntry): void
  counts(): CallCounts
  clear(): void
}

/** Begins at zero. */
export function callCounters(): CallCounters {
  let counts = nothing()
  return {
    count: (entry) => {
      if (entry.kind === 'api') countCall(counts, entry)
      else if (entry.kind === 'token') countTokenRequest(counts, entry)
      if (entry.fault !== null) add(counts.faults, entry.fault)
    },
    counts: () => structuredClone(counts),
    clear: () => {
      counts = nothing()
    },
  }
}

function countCall(counts: CallCounts, { status, code, refusedBy, inMinute, inFlight }: JournalEntry): void {
  counts.calls++
  if (status === null) counts.unanswered++
  else add(counts.byStatus, String(status))
  if (code !== null) add(counts.byCode, String(code))
  if (refusedBy !== null) counts.refusedBy[refusedBy]++
  counts.mostInMinute = Math.max(counts.mostInMinute, inMinute)
  counts.mostInFlight = Math.max(counts.mostInFlight, inFlight)
}

function countTokenRequest(counts: CallCounts, { code, status, token }: JournalEntry): void {
  counts.tokenRequests++
  if (token !== null) counts.tokensIssued++
  else add(counts.tokensRefused, String(code ?? status ?? 'unanswered'))
}

function add(counts: Record<string, number>, key: string): void {
  counts[key] = (counts[key] ?? 0) + 1
}

function nothing(): CallCounts {
  return {
    calls: 0,
    byStatus: {},
    byCode: {},
    refusedBy: { 'in-flight': 0, minute: 0, day: 0 },
    faults: {},
    unanswered: 0,
    mostInMinute: 0,
    mostInFlight: 0,
    tokenRequests: 0,
    tokensIssued: 0,
    tokensRefused: {},
  }
}

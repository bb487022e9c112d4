import type { LimitName } from '../limits/limit-name.ts'

/** One call of the API or of the token endpoints, as the simulator saw it. */
export interface JournalEntry {
  number: number
  kind: 'api' | 'token' | 'revocation'
  /** When it came, in Zoho's form, by the simulator's clock. */
  at: string
  method: string
  /** With its root, without its query. */
  path: string
  /** Without what a token request carries. */
  query: string
  organization: string | null
  /** Which access token it carried, or was answered, counted from 1. */
  token: number | null
  /** Null while it is under way, or if it got no answer. */
  status: number | null
  /** Zoho's code, or the error of the token endpoint; null where the answer has none. */
  code: number | string | null
  refusedBy: LimitName | null
  fault: string | null
  /** How many calls were in flight when it came, itself included. */
  inFlight: number
  /** How many calls the last sixty seconds held after it. */
  inMinute: number
  durationMs: number | null
}

/** What is known when a call comes. */
export type BegunCall = Pick<
  JournalEntry,
  'kind' | 'at' | 'method' | 'path' | 'query' | 'organization' | 'token' | 'inFlight'
>

/** What is known when it has been answered. */
export type EndedCall = Partial<
  Pick<JournalEntry, 'status' | 'code' | 'refusedBy' | 'fault' | 'inMinute' | 'token'>
>

/** Every call, the last hundred thousand of them. */
export interface Journal {
  /** Enters a call; the function returned completes it. */
  begin(call: BegunCall): (end: EndedCall) => void
  entries(): readonly JournalEntry[]
  clear(): void
}

/** Opens an empty journal; `ended` is told of every call that is complete. */
export function openJournal(ended: (entry: JournalEntry) => void): Journal {
  let entries: JournalEntry[] = []
  let number = 0
  return {
    begin: (call) => {
      const started = performance.now()
      const entry: JournalEntry = {
        number: ++number,
        ...call,
        status: null,
        code: null,
        refusedBy: null,
        fault: null,
        inMinute: 0,
        durationMs: null,
      }
      entries.push(entry)
      if (entries.length > 2 * kept) entries = entries.slice(-kept)
      return (end) => {
        if (entry.durationMs !== null) return
        Object.assign(entry, end, { durationMs: Math.round(performance.now() - started) })
        ended(entry)
      }
    },
    entries: () => entries.slice(-kept),
    clear: () => {
      entries = []
    },
  }
}

const kept = 100_000

import type { DeliveryResult } from './send.ts'

/** Everything that was delivered since the simulator was made, or since the book was cleared. */
export interface DeliveryBook {
  record(result: DeliveryResult): void
  results(): readonly DeliveryResult[]
  summary(): DeliverySummary
  clear(): void
}

/** The results counted. */
export interface DeliverySummary {
  deliveries: number
  /** Deliveries that got no answer at all. */
  unanswered: number
  /** By HTTP status. */
  byStatus: Record<string, number>
  /** By the `status` that the answer's JSON names; `none` where it names no text. */
  byAnswer: Record<string, number>
}

/** Opens an empty book. */
export function deliveryBook(): DeliveryBook {
  let results: DeliveryResult[] = []
  return {
    record: (result) => {
      results.push(result)
    },
    results: () => results,
    summary: () => summarize(results),
    clear: () => {
      results = []
    },
  }
}

/** Counts results by status and by what the answers say. */
export function summarize(results: readonly DeliveryResult[]): DeliverySummary {
  const summary: DeliverySummary = { deliveries: results.length, unanswered: 0, byStatus: {}, byAnswer: {} }
  for (const { status, answer } of results) {
    if (status === null) {
      summary.unanswered++
      continue
    }
    count(summary.byStatus, String(status))
    count(summary.byAnswer, answeredStatus(answer))
  }
  return summary
}

function count(counts: Record<string, number>, key: string): void {
  counts[key] = (counts[key] ?? 0) + 1
}

function answeredStatus(answer: string): string {
  try {
    const parsed: unknown = JSON.parse(answer)
    const status =
      typeof parsed === 'object' && parsed !== null && 'status' in parsed ? parsed.status : undefined
    return typeof status === 'string' ? status : 'none'
  } catch {
    return 'none'
  }
}

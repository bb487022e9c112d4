import type { Queryable } from '../queryable.ts'

/** A wish to make one call; its id becomes that of the call. */
export interface CallWishRow {
  readonly id: string
  readonly lane: string
  /** How urgent the lane is; 0 is the most urgent. */
  readonly rank: number
  /** Share of the day's calls that this lane leaves for more urgent ones. */
  readonly kept: number
  readonly purpose: string
}

/** What the daemon that asks is configured to keep to. */
export interface CallTerms {
  readonly perMinute: number
  /** Null where only Zoho's own word counts. */
  readonly perDay: number | null
  readonly maxInFlight: number
  /** Says when the day ends, until Zoho has said it. */
  readonly timeZone: string
  /** From when on a call without an end no longer counts as in flight. */
  readonly slotSeconds: number
  /** How far calls may come closer together than evenly. */
  readonly paceSlackSeconds: number
  /** How long a wish that was not granted makes less urgent lanes yield. */
  readonly waitSeconds: number
}

/** What holds a call up: the day's calls, Zoho's wish, the minute, the calls in flight, a more urgent lane, the even pace. */
export type CallObstacle = 'day' | 'pause' | 'minute' | 'in_flight' | 'lane' | 'pace'

/** How many wishes were granted, in the order in which they were given, and what holds up the next one. */
export interface CallAdmission {
  readonly admitted: number
  /** Null where all were granted. */
  readonly blocked_by: CallObstacle | null
  /** When asking again is of use; null where nobody knows. */
  readonly wait_ms: number | null
  /** From this rank on the day has no more calls; null where it has for all who wait. */
  readonly day_blocked_from: number | null
  /** Until the day ends, or Zoho may be asked whether it has; null where all were granted. */
  readonly day_wait_ms: number | null
}

/** Admits as many calls as the shared budget allows; the wishes come with the most urgent first. */
export async function admitCalls(
  db: Queryable,
  o: { readonly organizationId: string; readonly daemonId: string; readonly terms: CallTerms },
  wishes: readonly CallWishRow[],
): Promise<CallAdmission> {
  const placed = wishes.map((wish, index) => ({ ...wish, place: index + 1 }))
  const { rows } = await db.query<CallAdmission>(
    'SELECT * FROM tds_admit_calls($1, $2::uuid, $3::jsonb, $4::jsonb)',
    [o.organizationId, o.daemonId, JSON.stringify(o.terms), JSON.stringify(placed)],
    { name: 'admit_calls' },
  )
  const [row] = rows
  if (row === undefined) throw new RangeError('admit_calls gave no row')
  return row
}

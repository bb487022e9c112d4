import {
  lockDeadLetters,
  lockEvents,
  readDeadLetters,
  restoreEvents,
  type LockedEvent,
  type StoredDeadLetter,
  type Transaction,
} from '@tds/db'
import type { SettledEvent } from '../quarantine/operator-work.ts'

/** A dead letter and its events, all of them locked. */
export interface HeldLetter {
  readonly letter: StoredDeadLetter
  /** Those that the letter is about: given up, and nothing else has become of them. Oldest first. */
  readonly dead: readonly LockedEvent[]
  /** Those that are being processed, because somebody replays it. */
  readonly busy: readonly LockedEvent[]
  /** All that there are, oldest first. */
  readonly events: readonly LockedEvent[]
}

/**
 * Takes dead letters with their events for a change. Events first, as whoever gives one up takes them: so nobody waits for
 * each other crosswise. An event whose row the inbox has lost is made again from the letter. By id; what is not there is left out.
 */
export async function holdLetters(tx: Transaction, ids: readonly string[]): Promise<Map<string, HeldLetter>> {
  const known = await readDeadLetters(tx, ids)
  await restoreEvents(tx, ids)
  const asked = known.flatMap((letter) => letter.event_ids)
  const events = await lockEvents(tx, asked)
  const letters = await lockDeadLetters(tx, ids)
  // One that was given up on between the two looks: nobody works on it any more, so it can be taken late.
  const late = letters.flatMap((letter) => letter.event_ids).filter((id) => !asked.includes(id))
  if (late.length > 0) events.push(...(await lockEvents(tx, late)))
  return new Map(letters.map((letter) => [letter.id, held(letter, events)]))
}

function held(letter: StoredDeadLetter, locked: readonly LockedEvent[]): HeldLetter {
  const ids = new Set(letter.event_ids)
  const events = locked.filter((event) => ids.has(event.id))
  return {
    letter,
    events,
    dead: events.filter((event) => event.status === 'dead_letter'),
    busy: events.filter((event) => waiting.has(event.status)),
  }
}

const waiting: ReadonlySet<string> = new Set(['pending', 'processing', 'retry'])

/** The dead events of a letter with its failure, which stays to be read in what is discarded. */
export function settledEvents({ letter, dead }: HeldLetter): SettledEvent[] {
  return dead.map((event) => ({
    ...event,
    error_code: letter.error_code,
    error_message: letter.failure_reason,
  }))
}

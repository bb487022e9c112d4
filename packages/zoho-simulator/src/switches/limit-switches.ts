import { count, limit } from './switch.ts'

/** How much calling is allowed, and how long a call takes. */
export const limitSwitches = {
  callsPerMinute: limit(100, 'Calls in any 60 seconds before 429/44. No header tells of it.'),
  dailyCalls: count(
    10_000,
    'Calls of the organisation’s local day before 429/45, as the three headers tell.',
    1,
  ),
  callsInFlight: limit(10, 'Calls at once before 429/1070.'),
  latencyMs: count(0, 'How long every answer takes at least, in milliseconds of the machine’s clock.'),
}

/** What the exit code of every command means; docs/reference/tds.md has this table. */
export const exitCodes = {
  done: 0,
  unexpected: 1,
  usage: 2,
  partial: 3,
  refused: 4,
  notFound: 5,
  conflict: 6,
  unreachable: 7,
  badVerdict: 8,
  interrupted: 130,
} as const

/** The exit code of an error of ours, by its code. */
export function exitCodeOf(code: string): number {
  return byErrorCode[code] ?? exitCodes.unexpected
}

const byErrorCode: Readonly<Record<string, number>> = {
  usage: exitCodes.usage,
  configuration: exitCodes.usage,
  rule_setting_refused: exitCodes.usage,
  routing_refused: exitCodes.usage,
  silence_refused: exitCodes.usage,
  receiver_unknown: exitCodes.usage,
  correction_unusable: exitCodes.usage,
  silence_catches_everything: exitCodes.refused,
  database_refused: exitCodes.refused,
  event_not_found: exitCodes.notFound,
  rule_not_found: exitCodes.notFound,
  alert_not_found: exitCodes.notFound,
  silence_not_found: exitCodes.notFound,
  run_not_found: exitCodes.notFound,
  dead_letter_not_found: exitCodes.notFound,
  operation_not_found: exitCodes.notFound,
  event_settled: exitCodes.conflict,
  alert_not_active: exitCodes.conflict,
  silence_over: exitCodes.conflict,
  too_many_tests: exitCodes.conflict,
  run_waiting: exitCodes.conflict,
  dead_letter_settled: exitCodes.conflict,
  dead_letter_busy: exitCodes.conflict,
  selection_differs: exitCodes.conflict,
  export_too_large: exitCodes.conflict,
  operation_not_open: exitCodes.conflict,
  run_not_open: exitCodes.conflict,
  fuse_not_blown: exitCodes.conflict,
  fuse_count_differs: exitCodes.conflict,
  database_conflict: exitCodes.conflict,
  schema_older: exitCodes.conflict,
  schema_newer: exitCodes.conflict,
  durability_off: exitCodes.conflict,
  database_unavailable: exitCodes.unreachable,
  database_overload: exitCodes.unreachable,
  database_full: exitCodes.unreachable,
}

import type { Measuring } from './rule.ts'

const patienceMs = 60_000

/** Whether the alerter began so lately that a silence may be its own: after a restart of the machine all daemons begin together. */
export function isStarting({ now, startedAt }: Pick<Measuring<unknown>, 'now' | 'startedAt'>): boolean {
  return now.getTime() - startedAt.getTime() < patienceMs
}

import { listReadStates, type Database, type ListReadState } from '@tds/db'
import type { HealthCheck, HealthResult } from '@tds/runtime'
import { entities } from '../entities/index.ts'

/** Runs of one type that may fail one after the other before somebody should look; docs/operations/health.md has it. */
export const listReadFailures = { degraded: 3 } as const

/** Tells whether lists are read, which brings what no webhook told of. */
export function listReadsCheck(db: Database): HealthCheck {
  return { name: 'list reads', check: async () => judge(await listReadStates(db)) }
}

function judge(states: readonly ListReadState[]): HealthResult {
  const failing = states.filter(({ failures }) => failures >= listReadFailures.degraded)
  const facts = Object.fromEntries(
    states.map(({ entity_type: type, loaded, failures, succeeded_seconds: seconds }) => [
      type,
      { loaded, failures, secondsSinceSuccess: seconds === null ? null : Math.round(seconds) },
    ]),
  )
  const [first] = failing
  if (first !== undefined) {
    const { entity_type: type, failures, problem } = first
    const others = failing.length > 1 ? `, and ${String(failing.length - 1)} more types` : ''
    return {
      status: 'degraded',
      detail: `The list of ${type} could not be read ${String(failures)} times in a row${others}: ${problem ?? 'the reason is not known'}`,
      facts,
    }
  }
  const loaded = states.filter((state) => state.loaded)
  if (loaded.length === 0) return { status: 'healthy', detail: 'No list was read whole yet.', facts }
  const oldest = Math.max(...loaded.map((state) => state.succeeded_seconds ?? 0))
  return {
    status: 'healthy',
    detail: `${String(loaded.length)} of ${String(entities.length)} types are loaded; the oldest read of changes began ${String(Math.round(oldest / 60))} min ago.`,
    facts,
  }
}

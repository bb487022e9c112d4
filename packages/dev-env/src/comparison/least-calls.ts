import { type EntityDefinition, entities } from '@tds/core'
import type { Simulator } from '@tds/zoho-simulator'

const rowsPerPage = 200

/**
 * The calls without which nobody can copy what the simulator holds: every page of every list, and every detail, with one
 * call for many where there is such a call. Nothing that asks Zoho for less has seen all of it.
 */
export function leastCalls(simulator: Simulator): number {
  const { records } = simulator.state()
  return entities.reduce((sum, entity) => sum + callsOf(entity, records[entity.type].living), 0)
}

function callsOf({ source }: EntityDefinition, living: number): number {
  const pages = Math.max(1, Math.ceil(living / rowsPerPage))
  return pages + Math.ceil(living / (source.bulk?.limit ?? 1))
}

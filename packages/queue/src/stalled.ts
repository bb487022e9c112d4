import type { WipData } from 'pg-boss'

import { type JobName, jobPolicies } from './jobs.ts'

/** What pg-boss tells of one loop; times in milliseconds. */
export type LoopState = Pick<WipData, 'name' | 'count' | 'createdOn' | 'lastFetchedOn'>

/**
 * For how long the loop that is worst off has got nowhere, in seconds: since it last asked for jobs in vain or with success,
 * but not with an error. Jobs in hand are progress until they expire.
 */
export function stalledSeconds(loops: readonly LoopState[], nowMs: number): number {
  return Math.max(0, ...loops.map((loop) => stalledMs(loop, nowMs))) / 1000
}

function stalledMs({ name, count, createdOn, lastFetchedOn }: LoopState, nowMs: number): number {
  const sinceMs = nowMs - (lastFetchedOn ?? createdOn)
  return count === 0 ? sinceMs : sinceMs - expiryMs(name)
}

function expiryMs(job: string): number {
  return (job in jobPolicies ? jobPolicies[job as JobName].expireInSeconds : 0) * 1000
}

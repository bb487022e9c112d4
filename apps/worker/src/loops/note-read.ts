import type { ReadReport } from '@tds/core'
import { childLogger, counter } from '@tds/runtime'

const log = childLogger('worker:read')
const recordReads = counter({
  name: 'tds_record_reads_total',
  help: 'Owed reads that were tried, by the reason why they are owed and what they came to.',
  labelNames: ['reason', 'outcome'],
})

/** Counts what became of a read. */
export function noteRead({ reason, outcome }: ReadReport): void {
  recordReads.inc({ reason: reason ?? 'none', outcome })
  log.debug('Record read', { reason, outcome })
}

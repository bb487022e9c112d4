import { owedReadCounts, readReasons, type Database } from '@tds/db'
import { gauge, poller, type Service } from '@tds/runtime'

const owedReads = gauge({
  name: 'tds_owed_reads',
  help: 'Reads that are owed, by reason, and whether they are held: by the budget, an outage or the limit an hour.',
  labelNames: ['reason', 'held'],
})

/** Counts, every quarter of a minute, what is owed; each worker tells the same numbers. */
export function owedReadsGauge({ db }: { readonly db: Database }): Service {
  return poller({
    name: 'owed-reads',
    everyMs: 15_000,
    runOnce: async () => {
      const counts = new Map((await owedReadCounts(db)).map((count) => [count.reason, count]))
      for (const reason of readReasons) {
        const { reads = 0, held = 0 } = counts.get(reason) ?? {}
        owedReads.set({ reason, held: 'yes' }, held)
        owedReads.set({ reason, held: 'no' }, reads - held)
      }
      return { reasons: counts.size }
    },
  })
}

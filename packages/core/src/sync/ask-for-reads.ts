import { requestReads, type OwedReadKey, type ReadRequest, type Transaction } from '@tds/db'
import type { Queue } from '@tds/queue'

/** Notes that reads are owed and sends a job for each record. */
export async function askForReads(
  queue: Pick<Queue, 'send'>,
  tx: Transaction,
  reads: readonly ReadRequest[],
): Promise<void> {
  if (reads.length === 0) return
  await requestReads(tx, reads)
  await sendReads(queue, tx, reads)
}

/**
 * Sends one job for each owed read; one already waiting for the record carries the new wish too. A job for later has the
 * second of its time in its key: one that waits for an hour must not keep a wish for now, or for soon, from being sent.
 */
export async function sendReads(
  queue: Pick<Queue, 'send'>,
  tx: Transaction,
  reads: readonly (OwedReadKey & { readonly delaySeconds?: number })[],
): Promise<void> {
  if (reads.length === 0) return
  await queue.send(
    tx,
    'read-record',
    reads.map(({ organizationId, entityType, zohoId, delaySeconds = 0 }) => {
      const data = { organizationId, entityType, zohoId }
      if (delaySeconds <= 0) return { data }
      const startAfter = new Date(Date.now() + delaySeconds * 1000)
      const second = String(Math.ceil(startAfter.getTime() / 1000))
      return { data, startAfter, singletonKey: `${organizationId}:${entityType}:${zohoId}:${second}` }
    }),
  )
}

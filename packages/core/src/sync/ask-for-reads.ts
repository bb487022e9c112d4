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
 * Sends one job for each owed read; one already waiting for the record carries the new wish too. A job for later has a
 * key of its own, or it would keep a wish for now waiting.
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
    reads.map(({ organizationId, entityType, zohoId, delaySeconds = 0 }) => ({
      data: { organizationId, entityType, zohoId },
      ...(delaySeconds > 0
        ? {
            singletonKey: `${organizationId}:${entityType}:${zohoId}:later`,
            startAfter: new Date(Date.now() + delaySeconds * 1000),
          }
        : {}),
    })),
  )
}

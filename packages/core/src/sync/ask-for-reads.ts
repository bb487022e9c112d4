import { requestReads, type OwedReadKey, type ReadReason, type ReadRequest, type Transaction } from '@tds/db'
import type { Queue } from '@tds/queue'
import { readKinds } from './read-reasons.ts'

/** A read that needs a job, now or after some seconds. */
export interface ReadToSend extends OwedReadKey {
  readonly reason: ReadReason
  readonly delaySeconds?: number
}

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
 * second of its time in its key: one that waits for an hour must not keep a wish for now, or for soon, from being sent. An
 * event's has a key of its own as well, or it would wait where the patient wait.
 * Reads for which no event waits have no job: the loop that makes them looks for them.
 */
export async function sendReads(
  queue: Pick<Queue, 'send'>,
  tx: Transaction,
  reads: readonly ReadToSend[],
): Promise<void> {
  const jobs = reads.flatMap((read) => {
    const { priority } = readKinds[read.reason]
    return priority === null ? [] : [jobOf(read, priority)]
  })
  if (jobs.length > 0) await queue.send(tx, 'read-record', jobs)
}

function jobOf({ organizationId, entityType, zohoId, delaySeconds = 0 }: ReadToSend, priority: number) {
  const second = delaySeconds > 0 ? [String(Math.ceil(Date.now() / 1000 + delaySeconds))] : []
  return {
    data: { organizationId, entityType, zohoId },
    singletonKey: [organizationId, entityType, zohoId, String(priority), ...second].join(':'),
    priority,
    delaySeconds,
  }
}

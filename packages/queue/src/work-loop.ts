import type { Job, PgBoss } from 'pg-boss'

import { childLogger, type Service, service } from '@tds/runtime'

import type { JobData, JobName } from './jobs.ts'

const log = childLogger('queue:work')

/** One job in hand. */
export interface JobInHand<N extends JobName> {
  jobId: string
  data: JobData[N]
}

/** How a kind of job is worked on. */
export interface WorkOptions<N extends JobName> {
  /** Jobs given to the handler at once, at most. */
  batchSize: number
  /** Batches at the same time. */
  concurrency: number
  /** Leaves alone what is less urgent: a loop of its own for these is never taken up by the others. */
  minPriority?: number | undefined
  /** Leaves alone what is more urgent: kept for the rest, which so is never starved. */
  maxPriority?: number | undefined
  /** The signal aborts when the jobs are no longer ours: expired, or the daemon stops without waiting. */
  handler: (items: JobInHand<N>[], signal: AbortSignal) => Promise<void>
}

/** Fetches jobs and hands them over in batches, as soon as there are any. */
export function workLoop<N extends JobName>(boss: PgBoss, job: N, options: WorkOptions<N>): Service {
  let workId = ''
  return service({
    name: `queue:${job}`,
    start: async () => {
      workId = await boss.work<JobData[N]>(
        job,
        {
          batchSize: options.batchSize,
          localConcurrency: options.concurrency,
          burstWhenBatchFull: true,
          ...(options.minPriority === undefined ? {} : { minPriority: options.minPriority }),
          ...(options.maxPriority === undefined ? {} : { maxPriority: options.maxPriority }),
          // Notifications wake at once; the poll is for jobs whose time comes later and for lost notifications.
          pollingIntervalSeconds: 1,
          notifyPollingIntervalSeconds: 1,
        },
        async (jobs) => handleBatch(boss, { job, jobs, handler: options.handler }),
      )
    },
    stop: async () => boss.offWork(job, { id: workId, wait: true }),
  })
}

async function handleBatch<N extends JobName>(
  boss: PgBoss,
  batch: { job: N; jobs: Job<JobData[N]>[]; handler: WorkOptions<N>['handler'] },
): Promise<void> {
  const { job, jobs, handler } = batch
  try {
    await handler(
      jobs.map(({ id, data }) => ({ jobId: id, data })),
      untilAllAreLost(jobs),
    )
    await deleteFinished(boss, job, jobs)
  } catch (error) {
    log.error('a batch of jobs failed and will be tried again', { job, jobs: jobs.length, error })
    throw error
  }
}

/**
 * A finished job says nothing that the inbox does not: deleting it at once spares the later clean-up of a table that
 * grows by every event, and pg-boss then finds nothing left to complete. A job that was taken from us meanwhile
 * waits for its next try and stays.
 */
async function deleteFinished<N extends JobName>(
  boss: PgBoss,
  job: N,
  jobs: readonly Job<JobData[N]>[],
): Promise<void> {
  const ours = jobs.filter(({ signal }) => !signal.aborted)
  if (ours.length > 0) await boss.deleteJob(job, ours)
}

/** pg-boss tells of each job that it is lost; the batch goes on while one of them is ours. */
function untilAllAreLost(jobs: readonly { signal: AbortSignal }[]): AbortSignal {
  const all = new AbortController()
  let held = jobs.length
  for (const { signal } of jobs) {
    signal.addEventListener(
      'abort',
      () => {
        held -= 1
        if (held === 0) all.abort(signal.reason)
      },
      { once: true },
    )
  }
  return all.signal
}

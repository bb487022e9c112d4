export { installQueueSchema } from './install-queue-schema.ts'
export type { JobData, JobName } from './jobs.ts'
export { createQueue, queueConnections, type NewJob, type Queue, type QueueOptions } from './queue.ts'
export type { JobInHand, WorkOptions } from './work-loop.ts'

/**
 * The jobs there are. A job only carries ids and always completes: what became of the work stands in the
 * inbox, so that losing, repeating or delaying a job changes nothing but the time.
 */
export interface JobData {
  /** Apply inbox events: those that one transaction of the intake accepted, a hundred at most. */
  'apply-events': { eventIds: readonly string[] }
  /** Read one record from Zoho; at most one of them waits for each record. */
  'read-record': { organizationId: string; entityType: string; zohoId: string }
}

/** The name of a kind of job. */
export type JobName = keyof JobData

/** What a kind of job is promised, in the units of pg-boss: seconds. Every value is given, because its defaults are traps. */
export interface JobPolicy {
  policy: 'standard' | 'short'
  retryLimit: number
  retryDelay: number
  retryDelayMax: number
  expireInSeconds: number
  heartbeatSeconds: number
  retentionSeconds: number
  deleteAfterSeconds: number
}

const TEN_YEARS = 10 * 365 * 24 * 3600
const TEN_MINUTES = 600
const ONE_DAY = 24 * 3600

// A worker that dies is noticed after its heartbeat (10 s, the least that pg-boss takes) and the next look of a living one
// (5 s); its jobs then wait 5 to 10 s more: under the promised 60 s together.
const HEARTBEAT_SECONDS = 10

/** The policy of each kind of job. */
export const jobPolicies: Readonly<Record<JobName, JobPolicy>> = {
  'apply-events': {
    policy: 'standard',
    retryLimit: 8,
    retryDelay: 5,
    retryDelayMax: TEN_MINUTES,
    // A batch takes well under a second; what takes a minute hangs.
    expireInSeconds: 60,
    heartbeatSeconds: HEARTBEAT_SECONDS,
    // pg-boss deletes what nobody fetched for this long, without a word.
    retentionSeconds: TEN_YEARS,
    deleteAfterSeconds: ONE_DAY,
  },
  'read-record': {
    // One waiting job for each key; one that is being worked on does not keep the next from waiting.
    policy: 'short',
    retryLimit: 8,
    retryDelay: 5,
    retryDelayMax: TEN_MINUTES,
    // A batch waits for the call budget and for Zoho.
    expireInSeconds: 300,
    heartbeatSeconds: HEARTBEAT_SECONDS,
    retentionSeconds: TEN_YEARS,
    deleteAfterSeconds: ONE_DAY,
  },
}

/** Every kind of job. */
export const jobNames: readonly JobName[] = Object.keys(jobPolicies) as JobName[]

/** The singleton key that a job has by its data; undefined where as many may wait as are sent. */
export function ownKeyOf<N extends JobName>(job: N, data: JobData[N]): string | undefined {
  if (job !== 'read-record') return undefined
  const record = data as JobData['read-record']
  return [record.organizationId, record.entityType, record.zohoId].join(':')
}

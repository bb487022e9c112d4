import { pipelineThresholds } from '@tds/core'
import { pipelineStatus, type PipelineStatus, type Queryable } from '@tds/db'

/** The numbers of the whole path as health has them. */
export function pipelineNumbers(tx: Queryable): Promise<PipelineStatus> {
  return pipelineStatus(tx, {
    workerSeconds: pipelineThresholds.workerSilentSeconds,
    alerterSeconds: pipelineThresholds.alerterSilentSeconds,
  })
}

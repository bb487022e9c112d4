import { openDatabase } from '@tds/db'

import { makeBoss } from './boss.ts'
import { jobNames, jobPolicies } from './jobs.ts'

/**
 * Installs or upgrades the tables of pg-boss and brings every queue to its policy. Only `db:deploy` and tests do this;
 * at run time the daemons need no right to change tables. Safe to run twice and at the same time.
 */
export async function installQueueSchema(url: string): Promise<void> {
  const boss = makeBoss(url, {
    application_name: 'tds-deploy-queue',
    max: 2,
    migrate: true,
    supervise: false,
  })
  try {
    await boss.start()
    for (const name of jobNames) {
      const { policy, ...changeable } = { ...jobPolicies[name], notify: true, retryBackoff: true }
      await boss.createQueue(name, { policy, ...changeable })
      await boss.updateQueue(name, changeable)
    }
  } finally {
    await boss.stop({ graceful: false })
  }
  await keepJobTableSmall(url)
}

/** Every job is written, claimed and deleted within moments: the usual vacuum, at a fifth of the table, comes too late. */
async function keepJobTableSmall(url: string): Promise<void> {
  const db = openDatabase({ url, applicationName: 'tds-deploy-queue', poolSize: 1 })
  try {
    await db.query(
      `ALTER TABLE pgboss.job_common SET (
         fillfactor = 80,
         autovacuum_vacuum_scale_factor = 0.02,
         autovacuum_analyze_scale_factor = 0.02,
         autovacuum_vacuum_cost_delay = 0
       )`,
    )
  } finally {
    await db.close()
  }
}

import { classifyDatabaseError, deployMigrations } from '@tds/db'
import { installQueueSchema } from '@tds/queue'
import { baseConfigSchema, type Environment, loadConfig, redactText, type TdsError } from '@tds/runtime'

const EX_CONFIG = 78

/**
 * `pnpm db:deploy`: brings the database to what this program needs, the queue's tables first, because a view of ours
 * reads them. Downloads nothing; may run twice and at the same time.
 */
async function deploy(env: Environment): Promise<void> {
  const config = loadConfig(baseConfigSchema.pick({ DATABASE_URL: true, DATABASE_DIRECT_URL: true }), env)
  const url = config.DATABASE_DIRECT_URL ?? config.DATABASE_URL
  const { applied } = await deployMigrations({
    url,
    before: async () => installQueueSchema(url),
    log: (line) => console.log(line),
  })
  console.log(
    applied.length > 0
      ? `The database is up to date: ${applied.length} applied.`
      : 'The database is up to date: nothing to apply.',
  )
}

function report(problem: TdsError): void {
  const { reason } = problem.facts
  const lines = [problem.message, ...(typeof reason === 'string' ? [reason] : []), problem.nextStep]
  for (const line of lines) console.error(redactText(line))
}

function exitCodeOf(problem: TdsError): number {
  return problem.code === 'configuration' || problem.code.startsWith('schema_') ? EX_CONFIG : 1
}

try {
  // eslint-disable-next-line no-restricted-properties -- the entry of a command, which has no run() around it
  await deploy(process.env)
} catch (error) {
  const problem = classifyDatabaseError(error)
  report(problem)
  process.exitCode = exitCodeOf(problem)
}

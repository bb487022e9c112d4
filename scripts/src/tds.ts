import { runTds } from './tds/run-tds.ts'

/** Whoever reads our output may stop early (`| head`): that is no failure of ours. */
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  process.exitCode = 0
})

process.exitCode = await runTds({
  args: process.argv.slice(2),
  // eslint-disable-next-line no-restricted-properties -- the entry of a command, which has no run() around it
  env: process.env,
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
})

import { enableCompileCache } from 'node:module'
import { fileURLToPath } from 'node:url'

// Halves the time until help is there. In the checkout, not in the shared temporary folder: what lies there is run.
enableCompileCache(fileURLToPath(new URL('../../node_modules/.cache/tds', import.meta.url)))
const { runTds } = await import('./tds/run-tds.ts')

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
  onInterrupt: (listener) => {
    process.on('SIGINT', listener)
    return () => process.off('SIGINT', listener)
  },
})

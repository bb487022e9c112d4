import type { Terminal } from './terminal.ts'

/**
 * Runs one command line and returns its exit code. Standard output gets the result and nothing else. What is heavy is
 * loaded when it is used, so that help and a slip of the hand are answered at once.
 */
export async function runTds(terminal: Terminal): Promise<number> {
  const { readCommandLine } = await import('./command-line.ts')
  const line = await readCommandLine(terminal)
  if (line.kind === 'answered') return line.exitCode
  const { execute } = await import('./execute.ts')
  return execute(terminal, line)
}

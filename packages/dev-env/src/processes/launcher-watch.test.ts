import { spawn } from 'node:child_process'
import { once } from 'node:events'

import { untilGone, waitUntil } from '../testing/index.ts'

const WATCHER = `
  const { watchLaunchers } = await import(${JSON.stringify(new URL('./launcher-watch.ts', import.meta.url).href)})
  await watchLaunchers(() => { console.log('launcher gone'); process.exit(0) })
  console.log('watching ' + process.pid)
  setInterval(() => undefined, 1000)`

describe('watchLaunchers', () => {
  it('notices that the shell of a package manager which started us was killed', async () => {
    const { shell, pid, output } = await startUnder('pnpm')
    shell.kill('SIGKILL')
    await untilGone(pid, 10_000)
    expect(output()).toContain('launcher gone')
  })

  it('does not mind the end of a shell that somebody types into', async () => {
    const { shell, pid, output } = await startUnder('typed')
    shell.kill('SIGKILL')
    await once(shell, 'exit')
    // Three looks and nothing said: there is no event for what does not happen.
    await new Promise((later) => setTimeout(later, 1500))
    expect(output()).not.toContain('launcher gone')
    process.kill(pid, 'SIGKILL')
    await untilGone(pid, 10_000)
  })

  async function startUnder(word: string) {
    const command = `: ${word}; "$0" --conditions=tds-source --input-type=module -e "$WATCHER"; true`
    const shell = spawn('/bin/sh', ['-c', command, process.execPath], {
      env: { WATCHER },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let output = ''
    shell.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString()
    })
    await waitUntil(() => /watching \d+/.test(output), { what: 'the watcher runs' })
    return { shell, pid: Number(/watching (\d+)/.exec(output)?.[1]), output: () => output }
  }
})

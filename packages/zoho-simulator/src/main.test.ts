import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const main = fileURLToPath(new URL('./main.ts', import.meta.url))

function run(...options: string[]) {
  const child = spawn(process.execPath, [main, ...options], { stdio: ['ignore', 'pipe', 'pipe'] })
  return { child, lines: createInterface(child.stdout), exit: once(child, 'exit') }
}

describe('the simulator on its own', () => {
  it('prints what a client needs, answers, and ends quietly on SIGTERM', async () => {
    const { child, lines, exit } = run('--size', 'small', '--port', '0')
    const printed = new Map<string, string>()
    for await (const line of lines) {
      const [name = '', value = ''] = line.split(/=(.*)/s)
      printed.set(name, value)
      if (name === 'ZOHO_WEBHOOK_SECRETS') break
    }
    const state = await fetch(`${printed.get('ZOHO_API_URL') ?? ''}/_control/state`)
    expect(await state.json()).toMatchObject({ organizationId: printed.get('ZOHO_ORGANIZATION_ID') })
    child.kill('SIGTERM')
    expect(await exit).toEqual([0, null])
  })

  it.each([
    ['--size', 'huge'],
    ['--port', 'x'],
    ['--colour', 'red'],
  ])('refuses %s %s and says how it is used', async (...options) => {
    const { child, exit } = run(...options)
    let said = ''
    child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()))
    expect(await exit).toEqual([1, null])
    expect(said).toContain(options[0])
    expect(said).toContain('--port <number>')
  })
})

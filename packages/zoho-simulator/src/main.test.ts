import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { switches } from './switches/switches.ts'

const main = fileURLToPath(new URL('./main.ts', import.meta.url))

function run(...options: string[]) {
  const child = spawn(process.execPath, [main, ...options], { stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  let printed = ''
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()))
  child.stdout.on('data', (chunk: Buffer) => (printed += chunk.toString()))
  const exit = once(child, 'close')
  return { child, lines: createInterface(child.stdout), exit, said: () => said, printed: () => printed }
}

async function started(...options: string[]) {
  const running = run('--size', 'small', '--port', '0', ...options)
  const values = new Map<string, string>()
  for await (const line of running.lines) {
    const [name = '', value = ''] = line.split(/=(.*)/s)
    values.set(name, value)
    if (name === 'ZOHO_WEBHOOK_SECRETS') break
  }
  return { ...running, values, url: values.get('ZOHO_API_URL') ?? '' }
}

describe('the simulator on its own', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)(
    'prints what a client needs, answers, and ends quietly on %s',
    async (signal) => {
      const { child, values, url, exit } = await started()
      const state = await fetch(`${url}/_control/state`)
      expect(await state.json()).toMatchObject({ organizationId: values.get('ZOHO_ORGANIZATION_ID') })
      child.kill(signal)
      expect(await exit).toEqual([0, null])
    },
  )

  it('sets the switches that it is told', async () => {
    const { child, url, exit } = await started(
      '--',
      ...['--set', 'callsPerMinute=null', '--set', 'apiDomain=https://x.example', '--set', 'pageShifts=0.5'],
    )
    const answer = await fetch(`${url}/_control/switches`)
    expect(await answer.json()).toMatchObject({
      callsPerMinute: null,
      apiDomain: 'https://x.example',
      pageShifts: 0.5,
    })
    child.kill('SIGTERM')
    await exit
  })

  it('lists every switch on --help', async () => {
    const { exit, printed } = run('--help')
    expect(await exit).toEqual([0, null])
    for (const name of Object.keys(switches)) expect(printed()).toContain(`  ${name}=`)
  })

  it.each([
    ['--size', 'huge'],
    ['--port', 'x'],
    ['--colour', 'red'],
    ['--time-zone', 'Baghdad'],
    ['--set', 'callsPerMinute'],
    ['--set', 'callsPerHour=1'],
    ['--set', 'callsPerMinute=0'],
  ])('refuses %s %s and says how it is used', async (...options) => {
    const { exit, said } = run(...options)
    expect(await exit).toEqual([1, null])
    expect(said()).toContain('--port <number>')
  })

  it('says what to do about a port that is taken', async () => {
    const { child, url, exit } = await started()
    const second = run('--size', 'small', '--port', new URL(url).port)
    expect(await second.exit).toEqual([1, null])
    expect(second.said()).toContain('Choose another with --port')
    child.kill('SIGTERM')
    await exit
  })
})

import { isRunning, type Program, startProgram, untilGone, waitUntil } from '../testing/index.ts'

// Turbo asks pnpm about the packages: this needs pnpm on the PATH, as `pnpm test` has it.
describe('the development run', () => {
  const programs: Program[] = []

  afterAll(() => {
    for (const program of programs) program.kill('SIGKILL')
  })

  it('serves all three daemons, two at once, and leaves nothing behind when stopped or killed', async () => {
    const [stopped, killed] = [start(), start()]
    for (const program of [stopped, killed]) {
      for (const variable of ['API_PORT', 'WORKER_HEALTH_PORT', 'ALERTER_HEALTH_PORT'])
        await untilReady(program, variable)
    }
    const children = [...stopped.descendants(), ...killed.descendants()]
    expect(children.length).toBeGreaterThanOrEqual(30)
    stopped.kill('SIGTERM')
    killed.kill('SIGKILL')
    expect(await stopped.ended).toEqual({ code: 0, signal: null })
    expect(await killed.ended).toEqual({ code: null, signal: 'SIGKILL' })
    await Promise.all(children.map((pid) => untilGone(pid, 90_000)))
    expect(children.filter(isRunning)).toEqual([])
  }, 400_000)

  function start(): Program {
    const program = startProgram('dev.ts', [])
    programs.push(program)
    return program
  }

  async function untilReady(program: Program, variable: string): Promise<void> {
    await program.says(`${variable}=`)
    const port = new RegExp(`${variable}=(\\d+)`).exec(program.output())?.[1] ?? ''
    let hasEnded = false
    void program.ended.then(() => (hasEnded = true))
    const isReady = async () => {
      if (hasEnded) throw new Error(`dev.ts ended before ${variable} answered: ${program.output()}`)
      return (await fetch(`http://127.0.0.1:${port}/health/ready`).catch(() => null))?.ok ?? false
    }
    await waitUntil(isReady, { what: `${variable} answers: ${program.output()}`, withinMs: 180_000 })
  }
})

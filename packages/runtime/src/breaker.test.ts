import { breaker, type Breaker } from './breaker.ts'
import { manualClock } from './testing/manual-clock.ts'

function setup() {
  const clock = manualClock()
  const subject = breaker({
    name: 'subject',
    windowMs: 60_000,
    volumeThreshold: 5,
    errorThresholdPercentage: 50,
    clock,
  })
  return { clock, subject }
}

async function note(subject: Breaker, ...calls: ('succeeded' | 'failed')[]): Promise<void> {
  for (const call of calls) await subject.note(call)
}

describe('a breaker', () => {
  it('trips when more than half of enough calls failed', async () => {
    const { subject } = setup()
    await note(subject, 'succeeded', 'failed', 'succeeded', 'failed')
    expect(subject.tripped).toBe(false)
    await note(subject, 'failed')
    expect(subject.tripped).toBe(true)
  })

  it('says nothing about fewer calls than it needs, were they all failures', async () => {
    const { subject } = setup()
    await note(subject, 'failed', 'failed', 'failed', 'failed')
    expect(subject.tripped).toBe(false)
  })

  it('stays shut while half of the calls succeed', async () => {
    const { subject } = setup()
    for (let pair = 0; pair < 20; pair += 1) await note(subject, 'succeeded', 'failed')
    expect(subject.tripped).toBe(false)
  })

  it('forgets what is older than its window', async () => {
    const { clock, subject } = setup()
    await note(subject, 'failed', 'failed', 'failed', 'failed')
    await clock.advance(60_000)
    await note(subject, 'failed')
    expect(subject.tripped).toBe(false)
  })

  it('remembers what is younger, over many small steps', async () => {
    const { clock, subject } = setup()
    for (let call = 0; call < 5; call += 1) {
      await clock.advance(9_999)
      await note(subject, 'failed')
    }
    expect(subject.tripped).toBe(true)
  })

  it('stays tripped until it is told to begin anew, and has then seen nothing', async () => {
    const { clock, subject } = setup()
    await note(subject, 'failed', 'failed', 'failed', 'failed', 'failed')
    await clock.advance(3_600_000)
    await note(subject, 'succeeded')
    expect(subject.tripped).toBe(true)
    subject.reset()
    await note(subject, 'failed', 'failed', 'failed', 'failed')
    expect(subject.tripped).toBe(false)
  })
})

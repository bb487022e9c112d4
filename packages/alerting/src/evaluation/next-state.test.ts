import fc from 'fast-check'
import {
  type Evaluation,
  type Finding,
  type InstanceState,
  nextState,
  type StateEvent,
} from './next-state.ts'

const second = 1_000_000

interface Step {
  readonly at: number
  readonly finding: Finding | 'error'
  readonly more?: Partial<Evaluation>
}

/** Evaluates at these seconds; answers with the events, in their order. */
function run(timing: { forSeconds: number; keepSeconds: number }, steps: readonly Step[]) {
  let state: InstanceState | null = null
  const events: StateEvent[] = []
  for (const { at, finding, more = {} } of steps) {
    if (finding === 'error') continue
    const now = at * second
    const step = nextState(state, { finding, severity: 'warning', timing, isMilder: false, now, ...more })
    state = step.after
    events.push(step.event)
  }
  return { state, events }
}

/** Every fifteen seconds from 0 on. */
function every15(findings: readonly (Finding | 'error')[]): Step[] {
  return findings.map((finding, place) => ({ at: place * 15, finding }))
}

describe('the state of an alert', () => {
  it('AL-06: is pending for 45 s and then nothing, and fires after 60 s', () => {
    const timing = { forSeconds: 60, keepSeconds: 120 }
    const breached = (times: number) => Array.from({ length: times }, () => 'breaches' as const)
    expect(run(timing, every15([...breached(3), 'clear'])).events).toEqual(['pending', null, null, 'lapsed'])
    expect(run(timing, every15(breached(6))).events).toEqual(['pending', null, null, null, 'fired', null])
  })

  it('fires at once where nothing is to be waited for, and is over at once where nothing is kept', () => {
    const timing = { forSeconds: 0, keepSeconds: 0 }
    const { events } = run(timing, every15(['breaches', 'clear', 'breaches']))
    expect(events).toEqual(['fired', 'resolved', 'fired'])
  })

  it('AL-07: is one episode where it comes and goes faster than it is kept', () => {
    const swinging = Array.from({ length: 80 }, (_, place): Finding => (place % 4 < 2 ? 'breaches' : 'clear'))
    const { events } = run({ forSeconds: 15, keepSeconds: 120 }, every15(swinging))
    expect(events.filter((event) => event === 'fired')).toHaveLength(1)
    expect(events).not.toContain('resolved')
  })

  it('goes on between the two thresholds, but does not begin there', () => {
    const { events } = run(
      { forSeconds: 0, keepSeconds: 0 },
      every15(['holds', 'breaches', 'holds', 'clear']),
    )
    expect(events).toEqual([null, 'fired', null, 'resolved'])
  })

  it('AL-10: changes nothing where it cannot be measured', () => {
    const { state, events } = run({ forSeconds: 0, keepSeconds: 60 }, [
      { at: 0, finding: 'breaches' },
      { at: 15, finding: 'error' },
      { at: 600, finding: 'breaches' },
    ])
    expect(events).toEqual(['fired', null])
    expect(state).toMatchObject({ state: 'firing', firedAt: 0 })
  })

  it('goes on counting over a gap of two minutes, and begins anew after a longer one', () => {
    const over = (gap: number) =>
      run({ forSeconds: 100, keepSeconds: 0 }, [
        { at: 0, finding: 'breaches' },
        { at: gap, finding: 'breaches' },
      ]).events
    expect(over(120)).toEqual(['pending', 'fired'])
    expect(over(121)).toEqual(['pending', null])
  })

  it('AL-11: is withdrawn without a word where the rule was made milder', () => {
    const raised = run({ forSeconds: 0, keepSeconds: 60 }, [
      { at: 0, finding: 'breaches' },
      { at: 15, finding: 'clear', more: { isMilder: true } },
      { at: 30, finding: 'clear' },
    ])
    expect(raised.events).toEqual(['fired', 'withdrawn', 'lapsed'])
    const longer = run({ forSeconds: 0, keepSeconds: 60 }, [
      { at: 0, finding: 'breaches' },
      { at: 15, finding: 'breaches', more: { timing: { forSeconds: 300, keepSeconds: 60 } } },
    ])
    expect(longer.events).toEqual(['fired', 'withdrawn'])
    expect(longer.state).toMatchObject({ state: 'pending', activeSince: 0, firedAt: null })
  })

  it('tells that it has become more urgent, or less', () => {
    const { events } = run({ forSeconds: 0, keepSeconds: 0 }, [
      { at: 0, finding: 'breaches' },
      { at: 15, finding: 'breaches', more: { severity: 'critical' } },
      { at: 30, finding: 'breaches', more: { severity: 'critical' } },
    ])
    expect(events).toEqual(['fired', 'severity', null])
  })

  it('never resolves what has not fired, and never fires twice without an end between', () => {
    const findings = fc.array(fc.constantFrom<Finding | 'error'>('breaches', 'holds', 'clear', 'error'), {
      maxLength: 60,
    })
    fc.assert(
      fc.property(findings, fc.nat(90), fc.nat(90), (steps, forSeconds, keepSeconds) => {
        let fires = false
        for (const event of run({ forSeconds, keepSeconds }, every15(steps)).events) {
          const needsFiring = event === 'resolved' || event === 'recovering' || event === 'reentered'
          if (event === 'fired' || needsFiring) expect(fires).toBe(needsFiring)
          if (event === 'fired') fires = true
          if (event === 'resolved') fires = false
        }
      }),
    )
  })
})
